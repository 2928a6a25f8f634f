import { On, Subscriber } from '../../platform/events/subscribers.js';
import { PaymentCaptured, RefundFailed, RefundSettled } from '../billing.events.js';
import { OrderDocuments } from './order-documents.service.js';

/** Money that moves after the invoice was made. */
@Subscriber()
export class InvoiceSubscribers {
  constructor(private readonly documents: OrderDocuments) {}

  @On(PaymentCaptured)
  captured({ payload }: PaymentCaptured): Promise<void> {
    return this.documents.followMoney(payload.orderId);
  }

  @On(RefundSettled)
  refunded({ payload }: RefundSettled): Promise<void> {
    return this.documents.followMoney(payload.orderId);
  }

  @On(RefundFailed)
  refundFailed({ payload }: RefundFailed): Promise<void> {
    return this.documents.followMoney(payload.orderId);
  }
}
