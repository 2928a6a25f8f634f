import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** In a sandbox whose clock is moved: it stops where a period is billed, or a first payment is waited for no longer. */
@FollowsClock()
export class SubscriptionClock implements ClockFollower {
  constructor(private readonly rows: SubscriptionRepository) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.rows.nextDue(after);
  }
}
