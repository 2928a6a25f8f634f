import {
  Bool,
  Instant,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import {
  CREDIT_NOTE_WISHES,
  type CreditNoteWish,
  type Refund,
  type RefundDestination,
} from './refund.repository.js';

const DESTINATIONS = ['original', 'store_credit'] as const;
const REFUND_STATUSES = ['pending', 'succeeded', 'failed'] as const;

export class CreateRefundDto {
  @MoneyField({
    optional: true,
    description: 'Above zero and at most what is refundable. Send this or `full`.',
  })
  amount?: MoneyDto;

  @Bool({ optional: true, description: 'Everything that is left. Send this or `amount`.', example: true })
  full?: boolean;

  @Uuid({
    optional: true,
    description: 'Id of a late charge of this payment. Without it, what the payment counts is refunded.',
  })
  chargeId?: string;

  @OneOf(DESTINATIONS, {
    optional: true,
    example: 'original',
    description:
      'Back to where the money came from, which it is when left out, or credit of the customer. A late charge always goes back.',
  })
  to?: RefundDestination;

  @Text({ max: 200, optional: true, description: 'Why, for the books.', example: 'Arrived broken' })
  reason?: string;

  @OneOf(CREDIT_NOTE_WISHES, {
    optional: true,
    example: 'create',
    description:
      'Where an invoice was paid: `create` (when left out) makes a credit note as soon as the money is on its way, of ' +
      'what an invoice had taken of it: what was paid too much needs none, nor what earlier notes have kept for the buyer, which ' +
      'goes back first. `existing` says that an earlier one has kept so much for the buyer, `none` corrects no tax and says why; what ' +
      'earlier notes keep stays kept then, as far as enough is left for it.',
  })
  creditNote?: CreditNoteWish;

  @Text({ max: 500, optional: true, description: 'Why there is no credit note.', example: 'Goodwill' })
  creditNoteReason?: string;
}

export class RefundDto {
  @Uuid()
  id: string;

  @Uuid()
  paymentId: string;

  @Uuid({ nullable: true, description: 'Null where an invoice was paid.' })
  orderId: string | null;

  @Uuid({
    nullable: true,
    description: 'The late charge that it gives back; null for a refund of the payment.',
  })
  chargeId: string | null;

  @OneOf(DESTINATIONS, {
    example: 'original',
    description: 'Where it went; money for a gift card that was canceled becomes credit of its customer.',
  })
  destination: string;

  @MoneyField()
  amount: MoneyDto;

  @OneOf(REFUND_STATUSES, { example: 'succeeded', description: '`pending` until the gateway has decided.' })
  status: string;

  @Text({ max: 200, example: 'Arrived broken' })
  reason: string;

  @Text({ max: 200, nullable: true, description: 'Why the gateway refused it.', example: null })
  failureCode: string | null;

  @Text({ max: 100, description: 'Id of the person who asked for it, or `system`.' })
  requestedBy: string;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  settledAt: string | null;

  static from(refund: Refund): RefundDto {
    const { id, paymentId, orderId, chargeId, destination, status, reason, failureCode, requestedBy } =
      refund;
    return {
      id,
      paymentId,
      orderId,
      chargeId,
      destination,
      amount: refund.amount.toJSON(),
      status,
      reason,
      failureCode,
      requestedBy,
      createdAt: refund.createdAt.toISOString(),
      settledAt: refund.settledAt?.toISOString() ?? null,
    };
  }
}

export class RefundQuery extends PageQuery {
  @Uuid({ optional: true })
  paymentId?: string;

  @Uuid({ optional: true })
  orderId?: string;

  @OneOf(REFUND_STATUSES, { optional: true })
  status?: string;

  @Nested(() => InstantRange, { optional: true, description: 'createdAt[gte]=…&createdAt[lte]=…' })
  createdAt?: InstantRange;
}
