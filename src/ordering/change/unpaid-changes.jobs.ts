import { Logger } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { type Actor, system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { OrderRepository } from '../order/order.repository.js';
import { ChangeRepository } from './change.repository.js';
import { UnpaidChanges } from './unpaid-changes.service.js';

const AT_ONCE = 200;
/** While the outcome of a payment is not known, the change waits on and is looked at again after this long. */
const LOOK_AGAIN_MS = 5 * 60_000;
const clockwork = system('ordering.expire_changes');

/** Changes that nobody paid are taken off again. */
@Subscriber()
export class UnpaidChangeJobs {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  @Every('60s', 'ordering.expire_changes')
  async expire(): Promise<number> {
    const due = await this.changes.overdue(this.clock.now(), AT_ONCE);
    for (const { id, orderId } of due) {
      try {
        await this.database.transaction(() => this.expireOne(orderId, clockwork));
      } catch (error) {
        // One odd change must not keep the stock of the others.
        this.log.warn(`change ${id} could not be withdrawn: ${String(error)}`);
      }
    }
    return due.length;
  }

  private async expireOne(orderId: string, actor: Actor): Promise<void> {
    const now = this.clock.now();
    const { canceled } = await this.billing.giveUpExtra(orderId);
    const payments = await this.billing.lockPaymentsOf(orderId);
    const order = await this.orders.locked(orderId);
    const change = order && (await this.changes.awaitingOf(orderId));
    if (!order || !change || change.expiresAt === null || change.expiresAt > now)
      throw new Error('it was paid, withdrawn or prolonged in this very moment');
    if (canceled) await this.unpaid.withdraw(order, change, payments, actor);
    else await this.unpaid.prolong(change, new Date(now.getTime() + LOOK_AGAIN_MS));
  }
}
