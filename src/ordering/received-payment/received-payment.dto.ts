import { RECEIVED_KINDS, type ReceivedKind } from '../../billing/billing.api.js';
import {
  BookedMoney,
  BookedMoneyDto,
  Instant,
  Line,
  MoneyDto,
  MoneyField,
  OneOf,
  Uuid,
} from '../../platform/http/fields.js';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../order/order.statuses.js';

export class ReceivePaymentDto {
  @OneOf(RECEIVED_KINDS, { example: 'bank_transfer' })
  method: ReceivedKind;

  @BookedMoney({
    description: 'Above zero, in the currency of the order.',
    example: { amount: 100, currency: 'EUR' },
  })
  amount: BookedMoneyDto;

  @Line({
    max: 140,
    example: 'Statement 47/2026, line 12',
    description: 'What your bank or till calls it. Each is taken once for its method.',
  })
  reference: string;

  @Instant({
    optional: true,
    description: 'When it came; now, when left out. No more than a year before what it pays was made.',
  })
  receivedAt?: string;
}

export class ReceivedPaymentDto {
  @Uuid()
  paymentId: string;

  @Uuid()
  orderId: string;

  @OneOf(ORDER_STATUSES)
  orderStatus: string;

  @OneOf(PAYMENT_STATUSES)
  paymentStatus: string;

  @MoneyField({ description: 'What is still to be paid.' })
  due: MoneyDto;

  @MoneyField({ description: 'What was paid too much: refund it.' })
  overpaid: MoneyDto;
}
