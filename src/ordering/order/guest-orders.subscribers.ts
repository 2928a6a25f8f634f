import { EmailVerified } from '../../identity/identity.events.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { OrderPlaced } from '../ordering.events.js';
import { GuestOrders } from './guest-orders.service.js';

@Subscriber()
export class GuestOrderSubscribers {
  constructor(private readonly guestOrders: GuestOrders) {}

  @On(EmailVerified, { transactional: false })
  verified({ payload }: EmailVerified): Promise<void> {
    return this.guestOrders.claimAllOf(payload.customerId);
  }

  @On(OrderPlaced)
  async placed({ payload: { orderId, customerId } }: OrderPlaced): Promise<void> {
    if (customerId === null) await this.guestOrders.claimOne(orderId);
  }
}
