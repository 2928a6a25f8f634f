import { Bool, Instant, Integer, OneOf, Text } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { TRACKING_STATUSES } from './fulfilment.js';

const STATES = ['received', 'known', 'orphan'] as const;

export class CarrierEventDto {
  @Text({ max: 40, example: 'dhl', description: 'Code of the carrier.' })
  carrier: string;

  @Text({ max: 200, example: 'evt-77', description: 'The id that the carrier gave it.' })
  eventId: string;

  @Text({ max: 100, example: '00340434161094000000' })
  trackingNumber: string;

  @OneOf(TRACKING_STATUSES)
  status: string;

  @Text({ max: 300, nullable: true })
  description: string | null;

  @Text({ max: 120, nullable: true, example: 'Leipzig' })
  place: string | null;

  @Instant({ description: 'When it happened, as the carrier says.' })
  occurredAt: string;

  @Instant()
  receivedAt: string;

  @Integer({ min: 1, max: 2_147_483_647, description: 'How often the carrier sent it.' })
  deliveries: number;

  @Bool({ description: 'It came with another content later; the first one counts.' })
  conflict: boolean;

  @OneOf(STATES, {
    description:
      '`received`: worked within a moment. `orphan`: no parcel of this carrier has the number; it counts as soon as somebody ' +
      'writes the number down, and is forgotten after 90 days.',
  })
  state: string;
}

export class CarrierEventQuery extends PageQuery {
  @OneOf(STATES, { optional: true })
  state?: string;

  @Text({ max: 100, optional: true, example: 'dhl' })
  carrier?: string;

  @Text({ max: 100, optional: true, example: '00340434161094000000', description: 'However it is written.' })
  trackingNumber?: string;
}
