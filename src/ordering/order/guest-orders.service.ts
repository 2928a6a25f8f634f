import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { OrdersClaimed } from '../ordering.events.js';
import { GuestOrdersRepository } from './guest-orders.repository.js';

const BATCH = 200;
const clerk = system('ordering.guest_orders');

/**
 * Orders that guests placed belong to the customer who has shown that their address is his, and to nobody before. It is
 * looked at from both sides, when an address is verified and when a guest's order is placed: one of the two comes last.
 */
@Injectable()
export class GuestOrders {
  constructor(
    private readonly database: Database,
    private readonly orders: GuestOrdersRepository,
    private readonly identity: IdentityApi,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
  ) {}

  /** All with the present address of this customer, if it is verified; in batches, and safe to repeat. */
  async claimAllOf(customerId: string): Promise<void> {
    const customer = await this.identity.customer(customerId);
    if (!customer?.emailVerified) return;
    for (;;) {
      const ids = await this.orders.placedWith(customer.email, BATCH);
      if (ids.length > 0) await this.give(customerId, ids);
      if (ids.length < BATCH) return;
    }
  }

  /** This one, if its address is a customer's who has verified it. */
  async claimOne(orderId: string): Promise<void> {
    const email = await this.orders.emailOf(orderId);
    const customerId = email && (await this.identity.customerOfVerifiedEmail(email));
    if (customerId) await this.give(customerId, [orderId]);
  }

  /** The payments first, as everywhere: who sees the order sees its money too. */
  private async give(customerId: string, orderIds: readonly string[]): Promise<void> {
    await this.database.transaction(async () => {
      await this.billing.giveTo(customerId, orderIds);
      const claimed = await this.orders.claim(customerId, orderIds, this.clock.now(), clerk);
      if (claimed.length > 0) this.outbox.record(new OrdersClaimed({ customerId, orderIds: claimed }));
    });
  }
}
