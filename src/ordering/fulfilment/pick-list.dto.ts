import { Bool, Dictionary, Instant, Integer, ListOf, Text, Uuid } from '../../platform/http/fields.js';

export class PickListQuery {
  @Text({ max: 60, example: 'main', description: 'Code of a location.' })
  location: string;
}

export class PickForDto {
  @Uuid()
  orderId: string;

  @Text({ max: 30, example: '1001', description: 'Number of the order.' })
  number: string;

  @Instant({ description: 'The day that it was promised for, or when it was placed.' })
  promise: string;

  @Uuid({ nullable: true, description: 'The fulfilment that is planned for it; null when none is yet.' })
  fulfilmentId: string | null;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  quantity: number;

  @Dictionary({
    values: 'string',
    nullable: true,
    description: 'What the buyer said of these pieces, such as words to engrave.',
  })
  properties: Record<string, string> | null;
}

export class PickItemDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 700 })
  title: string;

  @Text({ max: 500, nullable: true })
  variantTitle: string | null;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  quantity: number;

  @ListOf(() => PickForDto, { max: 5_000, description: 'For whom, the oldest promise first.' })
  orders: PickForDto[];
}

export class PickListDto {
  @Text({ max: 60, example: 'main' })
  location: string;

  @Instant({ description: 'When it was true.' })
  at: string;

  @Bool({ description: 'False: more orders wait than were looked at. Send these, then ask again.' })
  complete: boolean;

  @Integer({ min: 0, max: 5_000, description: 'Orders that it is for.' })
  orders: number;

  @ListOf(() => PickItemDto, { max: 5_000 })
  items: PickItemDto[];
}
