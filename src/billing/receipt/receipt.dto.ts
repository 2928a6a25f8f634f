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
import { INVOICE_STATES } from '../invoice/invoice-content.js';
import { RECEIVED_KINDS, type ReceivedKind } from '../payment/payment.entity.js';

export class ReceiveInvoicePaymentDto {
  @OneOf(RECEIVED_KINDS, { example: 'bank_transfer' })
  method: ReceivedKind;

  @BookedMoney({
    description: 'Above zero, in the currency of the invoice, and no more than is due of it.',
    example: { amount: 100, currency: 'EUR' },
  })
  amount: BookedMoneyDto;

  @Line({
    max: 140,
    example: 'Statement 47/2026, line 13',
    description: 'What your bank or till calls it. Each is taken once for its method, orders included.',
  })
  reference: string;

  @Instant({
    optional: true,
    description: 'When it came; now, when left out. No more than a year before what it pays was made.',
  })
  receivedAt?: string;
}

export class ReceivedInvoicePaymentDto {
  @Uuid()
  paymentId: string;

  @Uuid()
  invoiceId: string;

  @OneOf(INVOICE_STATES, { example: 'paid' })
  invoiceState: string;

  @MoneyField({ description: 'What is still to be paid.' })
  due: MoneyDto;
}
