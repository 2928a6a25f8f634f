import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { DueSubscriptionRepository } from './due-subscription.repository.js';

/** In a sandbox whose clock is moved: it stops where a period is billed, or a first payment is waited for no longer. */
@FollowsClock()
export class SubscriptionClock implements ClockFollower {
  constructor(private readonly rows: DueSubscriptionRepository) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.rows.nextDue(after);
  }
}
