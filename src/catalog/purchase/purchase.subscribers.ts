import { OrderCanceled, OrderPlaced, OrdersClaimed } from '../../ordering/ordering.events.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { PurchaseService } from './purchase.service.js';

@Subscriber()
export class PurchaseSubscribers {
  constructor(private readonly purchases: PurchaseService) {}

  @On(OrderPlaced)
  async placed({ payload: { orderId, customerId, lines } }: OrderPlaced): Promise<void> {
    // One that was placed before the fact told its lines may be heard after an upgrade.
    const known = lines as typeof lines | undefined;
    await this.purchases.placed(orderId, customerId, known?.map(({ productId }) => productId) ?? []);
  }

  @On(OrderCanceled)
  async canceled({ payload: { orderId } }: OrderCanceled): Promise<void> {
    await this.purchases.canceled(orderId);
  }

  @On(OrdersClaimed)
  async claimed({ payload: { customerId, orderIds } }: OrdersClaimed): Promise<void> {
    for (const orderId of orderIds.toSorted()) await this.purchases.claimed(orderId, customerId);
  }
}
