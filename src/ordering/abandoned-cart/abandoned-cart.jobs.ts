import { Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { SharedCartRepository } from '../shared-cart/shared-cart.repository.js';
import { AbandonedCartRepository } from './abandoned-cart.repository.js';
import type { Due } from './reminder.repository.js';
import { Reminders } from './reminder.service.js';

const AT_ONCE = 200;
const DAY_MS = 86_400_000;

/** What becomes of carts that nobody comes back to: a letter or two, and in the end they go. */
@Subscriber()
export class AbandonedCartJobs {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly reminders: Reminders,
    private readonly carts: AbandonedCartRepository,
    private readonly shares: SharedCartRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  @Every('5m', 'ordering.remind_of_carts')
  async remind(): Promise<number> {
    let seen = 0;
    for (let after: Due | null = null, more = true; more;) {
      const due: Due[] = await this.reminders.due(after, AT_ONCE);
      for (const one of due) {
        try {
          await this.reminders.remind(one);
        } catch (error) {
          // One odd cart must not keep the letters of the others.
          this.log.warn(`nobody was reminded of cart ${one.id}: ${String(error)}`);
        }
      }
      seen += due.length;
      after = due.at(-1) ?? null;
      more = due.length === AT_ONCE;
    }
    return seen;
  }

  @Every('1h', 'ordering.clear_carts')
  async clear(): Promise<number> {
    const now = this.clock.now().getTime();
    const before = (days: number) => new Date(now - days * DAY_MS);
    const [guests, customers] = [before(this.config.cartGuestDays), before(this.config.cartCustomerDays)];
    await this.shares.forgetOld(new Date(now));
    let cleared = 0;
    for (let last = AT_ONCE; last === AT_ONCE; cleared += last)
      last = await this.carts.clear(guests, customers, AT_ONCE);
    return cleared;
  }
}
