import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';

export const FOLLOWS_CLOCK = 'guildhall:follows-clock';

/** What a module has to do with the clock of a sandbox that is moved. */
export interface ClockFollower {
  /**
   * When, after this moment, the next thing of its own is due; null when nothing waits. The clock makes a stop there instead of
   * jumping over it, so that what is due happens in its order. It has to be cheap: it is asked before each step.
   */
  nextDue(after: Date): Promise<Date | null>;
  /** The clock stands there now: something outside that has a clock of its own follows. Called with no transaction open. */
  follow?(now: Date): Promise<void>;
}

/** Marks a class that implements `ClockFollower`: it is found at the start. */
export const FollowsClock = () => applyDecorators(Injectable(), SetMetadata(FOLLOWS_CLOCK, true));
