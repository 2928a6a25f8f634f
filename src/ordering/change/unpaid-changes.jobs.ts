import { Logger } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { type Actor, system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { OrderLocks } from '../order/order-locks.service.js';
import { ChangeRepository, type OverdueChange } from './change.repository.js';
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
    private readonly locks: OrderLocks,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  @Every('60s', 'ordering.expire_changes')
  async expire(): Promise<number> {
    const now = this.clock.now();
    let looked = 0;
    for (let after: OverdueChange | null = null; ;) {
      const due: OverdueChange[] = await this.changes.overdue(now, after, AT_ONCE);
      for (const { id, orderId } of due) {
        try {
          await this.database.transaction(() => this.expireOne(orderId, clockwork));
        } catch (error) {
          // Odd changes, however many, must not keep the stock of the others.
          this.log.warn(`change ${id} could not be withdrawn: ${String(error)}`);
        }
      }
      looked += due.length;
      after = due.at(-1) ?? null;
      if (due.length < AT_ONCE) return looked;
    }
  }

  private async expireOne(orderId: string, actor: Actor): Promise<void> {
    const now = this.clock.now();
    const locked = await this.locks.lock(orderId);
    const change = locked && (await this.changes.awaitingOf(orderId));
    if (!change || change.expiresAt === null || change.expiresAt > now)
      throw new Error('it was paid, withdrawn or prolonged in this very moment');
    const { canceled } = await this.billing.giveUpExtra(orderId);
    const { order } = locked;
    const payments = await this.billing.paymentsOf([orderId]);
    if (canceled) await this.unpaid.withdraw(order, change, payments, actor, 'house');
    else await this.unpaid.prolong(change, new Date(now.getTime() + LOOK_AGAIN_MS));
  }
}
