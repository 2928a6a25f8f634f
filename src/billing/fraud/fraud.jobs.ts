import { Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { Problem } from '../../platform/http/problem.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { MAX_WINDOW_MINUTES } from './fraud-rule.dto.js';
import { PaymentReviewRepository } from './payment-review.repository.js';
import { ScreeningRepository } from './screening.repository.js';

const AT_ONCE = 100;
/** Somebody who tries out cards leaves a million in a day: each statement forgets as many as it can in its time. */
const FORGOTTEN_AT_ONCE = 10_000;
/** As long as attempts can be simulated. */
const KEPT_MS = 90 * 86_400_000;
/** Longer than any rule looks back. */
const COUNTED_MS = 2 * MAX_WINDOW_MINUTES * 60_000;

/** Ends what nobody decided about in time, and forgets attempts that no rule can ask for any more. */
@Subscriber()
export class FraudJobs {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly reviews: PaymentReviewRepository,
    private readonly screenings: ScreeningRepository,
    private readonly ends: PaymentEnd,
    private readonly clock: Clock,
  ) {}

  @Every('5m', 'billing.end_reviews')
  async endReviews(): Promise<void> {
    const now = this.clock.now();
    for (const id of await this.reviews.over(now, AT_ONCE)) {
      try {
        await this.database.transaction(async () => {
          await this.ends.review(id, false, 'house');
          await this.reviews.decide(id, { as: 'expired', by: null, note: null, at: now });
        });
      } catch (error) {
        // Somebody has decided in this very moment, or this one is odd: the others still end now.
        if (!(error instanceof Problem))
          this.log.warn(`the review of payment ${id} could not be ended: ${String(error)}`);
      }
    }
  }

  @Every('1d', 'billing.forget_screenings')
  async forget(): Promise<void> {
    const now = this.clock.now().getTime();
    await all((limit) => this.screenings.forgetMarks(new Date(now - COUNTED_MS), limit));
    const forgotten = await all((limit) => this.screenings.forget(new Date(now - KEPT_MS), limit));
    if (forgotten > 0) this.log.log(`forgot ${forgotten} screenings`);
  }
}

async function all(forget: (limit: number) => Promise<number>): Promise<number> {
  let forgotten = 0;
  for (let last = FORGOTTEN_AT_ONCE; last === FORGOTTEN_AT_ONCE; forgotten += last)
    last = await forget(FORGOTTEN_AT_ONCE);
  return forgotten;
}
