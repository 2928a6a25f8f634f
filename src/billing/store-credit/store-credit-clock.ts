import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { StoreCreditRepository } from './store-credit.repository.js';

/** In a sandbox whose clock is moved: it stops where credit ends. */
@FollowsClock()
export class StoreCreditClock implements ClockFollower {
  constructor(private readonly credits: StoreCreditRepository) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.credits.nextEnd(after);
  }
}
