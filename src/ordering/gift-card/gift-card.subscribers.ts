import { PaymentCaptured, RefundFailed } from '../../billing/billing.events.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { OrderPlaced } from '../ordering.events.js';
import { GiftCardOrders } from './gift-card-orders.service.js';

/**
 * An order is placed and its money comes, in either order: whichever is the last issues its cards. Money that was on its way back
 * and stays after all has come, too.
 */
@Subscriber()
export class GiftCardSubscribers {
  constructor(private readonly giftCards: GiftCardOrders) {}

  @On(OrderPlaced)
  placed({ payload }: OrderPlaced): Promise<void> {
    return this.giftCards.issueFor(payload.orderId);
  }

  @On(PaymentCaptured)
  async captured({ payload: { orderId } }: PaymentCaptured): Promise<void> {
    if (orderId !== null) await this.giftCards.issueFor(orderId);
  }

  @On(RefundFailed)
  async refundFailed({ payload: { orderId } }: RefundFailed): Promise<void> {
    if (orderId !== null) await this.giftCards.issueFor(orderId);
  }
}
