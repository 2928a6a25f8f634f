import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { NextDueRepository } from './next-due.repository.js';

/** In a sandbox whose clock is moved: it stops where an order that nobody paid is over. */
@FollowsClock()
export class OrderClock implements ClockFollower {
  constructor(private readonly rows: NextDueRepository) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.rows.nextExpiry(after);
  }
}
