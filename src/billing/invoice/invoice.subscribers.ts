import { On, Subscriber } from '../../platform/events/subscribers.js';
import {
  DisputeClosed,
  PaymentCaptured,
  PaymentPartlyCaptured,
  RefundFailed,
  RefundSettled,
  type Subject,
} from '../billing.events.js';
import { paidBy } from './money-subject.js';
import { OrderDocuments } from './order-documents.service.js';

/** Money that moves after the invoice was made. */
@Subscriber()
export class InvoiceSubscribers {
  constructor(private readonly documents: OrderDocuments) {}

  @On(PaymentCaptured)
  async captured({ payload }: PaymentCaptured): Promise<void> {
    await this.follow(payload);
  }

  /** A part of a hold pays as much of the invoice at once, whatever becomes of the rest. */
  @On(PaymentPartlyCaptured)
  async partlyCaptured({ payload: { orderId } }: PaymentPartlyCaptured): Promise<void> {
    if (orderId !== null) await this.documents.followMoney({ orderId });
  }

  @On(RefundSettled)
  async refunded({ payload }: RefundSettled): Promise<void> {
    await this.follow(payload);
  }

  @On(RefundFailed)
  async refundFailed({ payload }: RefundFailed): Promise<void> {
    await this.follow(payload);
  }

  @On(DisputeClosed)
  async disputeClosed({ payload }: DisputeClosed): Promise<void> {
    await this.follow(payload);
  }

  private async follow(payload: Subject): Promise<void> {
    const subject = paidBy(payload);
    if (subject) await this.documents.followMoney(subject);
  }
}
