import { On, Subscriber } from '../../platform/events/subscribers.js';
import {
  PaymentCaptured,
  PaymentPartlyCaptured,
  RefundFailed,
  RefundSettled,
  type Subject,
} from '../billing.events.js';
import { Invoices } from './invoices.service.js';
import { OrderDocuments } from './order-documents.service.js';

/** Money that moves after the invoice was made. */
@Subscriber()
export class InvoiceSubscribers {
  constructor(
    private readonly documents: OrderDocuments,
    private readonly invoices: Invoices,
  ) {}

  @On(PaymentCaptured)
  async captured({ payload: { orderId, invoiceId } }: PaymentCaptured): Promise<void> {
    if (orderId !== null) await this.documents.followMoney(orderId);
    else if (invoiceId !== null) await this.invoices.applyPayments(invoiceId);
  }

  /** A part of a hold pays as much of the invoice at once, whatever becomes of the rest. */
  @On(PaymentPartlyCaptured)
  async partlyCaptured({ payload: { orderId } }: PaymentPartlyCaptured): Promise<void> {
    if (orderId !== null) await this.documents.followMoney(orderId);
  }

  @On(RefundSettled)
  async refunded({ payload }: RefundSettled): Promise<void> {
    await this.follow(payload);
  }

  @On(RefundFailed)
  async refundFailed({ payload }: RefundFailed): Promise<void> {
    await this.follow(payload);
  }

  private async follow({ orderId, invoiceId }: Subject): Promise<void> {
    if (orderId !== null) await this.documents.followMoney(orderId);
    else if (invoiceId !== null) await this.invoices.followRefund(invoiceId);
  }
}
