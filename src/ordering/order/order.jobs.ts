import { Logger } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { OrderExpired } from '../ordering.events.js';
import { OrderHolds } from './order-holds.service.js';
import { OrderLocks } from './order-locks.service.js';
import { type Due, OrderRepository } from './order.repository.js';
import { OrderService } from './order.service.js';

const AT_ONCE = 200;
/** When the outcome of a payment is not known, the order waits on and is looked at again after this long. */
const LOOK_AGAIN_MS = 5 * 60_000;
const clockwork = system('ordering.expire_orders');

/** Orders that nobody paid give their stock back. */
@Subscriber()
export class OrderJobs {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly locks: OrderLocks,
    private readonly service: OrderService,
    private readonly billing: BillingApi,
    private readonly holds: OrderHolds,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  @Every('30s', 'ordering.expire_orders')
  async expire(): Promise<number> {
    const now = this.clock.now();
    let looked = 0;
    for (let after: Due | null = null; ;) {
      const due: Due[] = await this.orders.unpaid(now, after, AT_ONCE);
      for (const { id } of due) {
        try {
          await this.database.transaction(() => this.expireOne(id));
        } catch (error) {
          // Odd orders, however many, must not keep the stock of the others.
          this.log.warn(`order ${id} could not be expired: ${String(error)}`);
        }
      }
      looked += due.length;
      after = due.at(-1) ?? null;
      if (due.length < AT_ONCE) return looked;
    }
  }

  private async expireOne(id: string): Promise<void> {
    const now = this.clock.now();
    const { order, payments = [] } = (await this.locks.lock(id)) ?? {};
    if (order?.status !== 'pending_payment' || order.expiresAt > now) {
      throw new Error('it was paid, canceled or prolonged in this very moment');
    }
    // A person has as long to look at a hold as it lasts, however it came to be looked at.
    const reviewed = payments.find(({ reviewUntil }) => reviewUntil !== null && reviewUntil > now);
    if (reviewed?.reviewUntil) {
      await this.holds.prolong(id, reviewed.reviewUntil);
      return;
    }
    const { canceled } = await this.billing.cancelFor(id, 'order_expired');
    if (!canceled) {
      const until = new Date(now.getTime() + LOOK_AGAIN_MS);
      await this.holds.prolong(id, until);
      return;
    }
    await this.service.end(order, 'expired', clockwork, null);
    this.outbox.record(new OrderExpired({ orderId: id }));
  }
}
