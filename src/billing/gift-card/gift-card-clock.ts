import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { GiftCardRepository } from './gift-card.repository.js';

/** In a sandbox whose clock is moved: it stops where a card is to be sent. */
@FollowsClock()
export class GiftCardClock implements ClockFollower {
  constructor(private readonly cards: GiftCardRepository) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.cards.nextSending(after);
  }
}
