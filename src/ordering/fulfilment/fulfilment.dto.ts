import { AddressDto } from '../../platform/address/address.dto.js';
import {
  Bool,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Text,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import { FULFILMENT_STATES, TRACKING_STATUSES } from './fulfilment.js';

const unset = { optional: true, nullable: true } as const;
const code = { max: 60, example: 'main', description: 'Code of a location.' };

export class FulfilmentParams {
  @Uuid()
  id: string;
}

export class FulfilmentLineDto {
  @Uuid()
  lineId: string;

  @Integer({ min: 1, max: 999 })
  quantity: number;
}

export class TrackingEventDto {
  @OneOf(TRACKING_STATUSES)
  status: string;

  @Instant({ description: 'When it happened, as the carrier says.' })
  at: string;

  @Text({ max: 300, nullable: true, example: 'The parcel is in the delivery vehicle.' })
  description: string | null;

  @Text({ max: 120, nullable: true, example: 'Leipzig' })
  place: string | null;
}

export class ShipmentParcelDto {
  @Text({ max: 100, nullable: true, example: '00340434161094000000' })
  trackingNumber: string | null;

  @Url({ nullable: true })
  trackingUrl: string | null;

  @Integer({ min: 1, max: 10_000_000, nullable: true, example: 1200 })
  weightGrams: number | null;

  @ListOf(() => TrackingEventDto, { max: 500, description: 'What its carrier tells, the oldest first.' })
  events: TrackingEventDto[];
}

/** As the shopper sees it. */
export class FulfilmentDto {
  @Uuid()
  id: string;

  @OneOf(FULFILMENT_STATES, {
    description: '`pending` and `packed` are being prepared; `shipped` has left, `delivered` has arrived.',
  })
  state: string;

  @Text({ max: 100, nullable: true })
  carrier: string | null;

  @Text({ max: 100, nullable: true, example: 'Express' })
  service: string | null;

  @Text({ max: 100, nullable: true, description: 'Of the first parcel.' })
  trackingNumber: string | null;

  @Url({ nullable: true, description: 'Of the first parcel.' })
  trackingUrl: string | null;

  @ListOf(() => ShipmentParcelDto, { max: 50 })
  parcels: ShipmentParcelDto[];

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  shippedAt: string | null;

  @Instant({ nullable: true })
  deliveredAt: string | null;

  @ListOf(() => FulfilmentLineDto, { max: 100 })
  lines: FulfilmentLineDto[];
}

export class FulfilmentPickDto {
  @Uuid()
  lineId: string;

  @Uuid()
  variantId: string;

  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 700 })
  title: string;

  @Text(code)
  location: string;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  quantity: number;
}

export class FulfilmentStepDto {
  @Instant()
  at: string;

  @Text({ max: 100, example: 'packed' })
  event: string;

  @OneOf(['anonymous', 'person', 'machine', 'system'])
  actor: string;

  @Text({ max: 200, nullable: true, description: 'Id of the person or key, or the name of the job.' })
  actorId: string | null;

  @Text({ max: 500, nullable: true })
  note: string | null;
}

/** As staff see it. */
export class StaffFulfilmentDto extends FulfilmentDto {
  @Uuid()
  orderId: string;

  @Text({ max: 30, example: '1001' })
  orderNumber: string;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @Text({
    ...code,
    nullable: true,
    description:
      'Where it leaves from; null when parts of a bundle lie at several locations, or nobody counts what it holds.',
  })
  location: string | null;

  @Text({ max: 120, nullable: true, example: 'Main warehouse' })
  locationName: string | null;

  @Nested(() => AddressDto, { nullable: true })
  shippingAddress: AddressDto | null;

  @ListOf(() => FulfilmentPickDto, {
    max: 2000,
    description: 'What is taken from where: of bundles their parts.',
  })
  picks: FulfilmentPickDto[];

  @Instant({ nullable: true })
  packedAt: string | null;

  @Instant({ nullable: true })
  canceledAt: string | null;

  @ListOf(() => FulfilmentStepDto, { max: 1000 })
  history: FulfilmentStepDto[];
}

/** On a list. */
export class FulfilmentSummaryDto {
  @Uuid()
  id: string;

  @Uuid()
  orderId: string;

  @Text({ max: 30, example: '1001' })
  orderNumber: string;

  @OneOf(FULFILMENT_STATES)
  state: string;

  @Text({ ...code, nullable: true })
  location: string | null;

  @Text({ max: 100, nullable: true })
  carrier: string | null;

  @Text({ max: 100, nullable: true })
  service: string | null;

  @Integer({ min: 0, max: 100_000, description: 'Pieces of the order in it.' })
  quantity: number;

  @Integer({ min: 0, max: 50 })
  parcels: number;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  shippedAt: string | null;

  @Instant({ nullable: true })
  deliveredAt: string | null;
}

export class FulfilmentListQuery extends PageQuery {
  @OneOf(FULFILMENT_STATES, { optional: true })
  state?: string;

  @Text({ ...code, optional: true })
  location?: string;

  @Text({ max: 100, optional: true, example: 'DHL', description: 'In any spelling of its letters.' })
  carrier?: string;

  @Text({
    max: 18,
    pattern: /^[0-9]+$/,
    optional: true,
    example: '1001',
    description: 'Number of the order.',
  })
  number?: string;

  @Nested(() => InstantRange, { optional: true, description: 'createdAt[gte]=…&createdAt[lte]=…' })
  createdAt?: InstantRange;
}

export class SentParcelDto {
  @Text({ max: 100, ...unset, example: '00340434161094000000' })
  trackingNumber?: string | null;

  @Url(unset)
  trackingUrl?: string | null;

  @Integer({ min: 1, max: 10_000_000, ...unset, example: 1200 })
  weightGrams?: number | null;
}

/** How it goes: what is left out stays. */
export class ShipmentDto {
  @Text({ max: 100, ...unset, example: 'DHL' })
  carrier?: string | null;

  @Text({ max: 100, ...unset, example: 'Express' })
  service?: string | null;

  @Text({ max: 100, ...unset, example: '00340434161094000000' })
  trackingNumber?: string | null;

  @Url(unset)
  trackingUrl?: string | null;

  @ListOf(() => SentParcelDto, {
    max: 50,
    optional: true,
    description:
      'Several parcels, instead of `trackingNumber` and `trackingUrl`; they replace those that were there.',
  })
  parcels?: SentParcelDto[];
}

export class FulfilOrderDto extends ShipmentDto {
  @ListOf(() => FulfilmentLineDto, {
    min: 1,
    max: 100,
    optional: true,
    description: 'Left out: all that is left, or all that `location` gives.',
  })
  lines?: FulfilmentLineDto[];

  @Text({
    ...code,
    optional: true,
    description: 'From there and nowhere else. Left out: as the stock was split.',
  })
  location?: string;

  @Bool({ optional: true, description: 'False: only planned, as `pending`. Left out: sent at once.' })
  shipNow?: boolean;
}

export class DeliverFulfilmentDto {
  @Instant({ optional: true, description: 'Left out: now.' })
  deliveredAt?: string;
}

export class CancelFulfilmentDto {
  @Text({ max: 300, optional: true, example: 'Damaged while packing' })
  reason?: string;
}
