import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { newId } from '../../platform/ids.js';
import { dayIn, endOfDay } from '../ledger/day.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { PeriodRepository } from '../ledger/period.repository.js';
import { postings } from '../ledger/posting.js';
import { RecognitionRepository } from './recognition.repository.js';

/** So many lines are a transaction: one posting for each day and currency. */
const AT_ONCE = 1_000;

/** Earns what was put off, day by day. */
@Injectable()
export class RevenueRecognition {
  constructor(
    private readonly database: Database,
    private readonly rows: RecognitionRepository,
    private readonly ledger: LedgerRepository,
    private readonly periods: PeriodRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Every day that is over in the time zone of the seller, the oldest first, each at its own end: also after days in which nothing
   * ran. Any number of these may run at a time, and whatever dies, or is held by somebody, is done by the next one. Not more than
   * so many steps.
   */
  async catchUp(steps = Infinity): Promise<void> {
    const zone = await this.periods.timeZone();
    const today = dayIn(zone, this.clock.now());
    for (let left = steps; left > 0 && (await this.earnSome(zone, today)); left--);
  }

  /** Whether days up to this one are not earned. */
  isDue(until: string): Promise<boolean> {
    return this.rows.isDue(until);
  }

  /** Days of some lines: their schedules and the books in one transaction. False: nothing is due. */
  private earnSome(zone: string, today: string): Promise<boolean> {
    return this.database.transaction(async () => {
      // Before the schedules: whoever holds them waits for nobody.
      await this.periods.keepOpen();
      const days = await this.rows.earn(today, AT_ONCE);
      for (const earned of days) {
        // A cent over a month is nothing on most days.
        if (earned.amount.isZero()) continue;
        const id = newId();
        await this.rows.insert(id, earned, this.clock.now());
        const posting = postings.revenueRecognised(id, earned.amount);
        await this.ledger.post({ paymentId: null, orderId: null }, [posting], endOfDay(zone, earned.day));
      }
      failpoint('revenue.before_commit');
      return days.length > 0;
    });
  }
}
