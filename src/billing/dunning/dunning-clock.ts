import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { CollectionRepository } from './collection.repository.js';

/** In a sandbox whose clock is moved: it stops where an invoice is tried again, or a letter says that it will be. */
@FollowsClock()
export class DunningClock implements ClockFollower {
  constructor(private readonly rows: CollectionRepository) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.rows.nextDue(after);
  }
}
