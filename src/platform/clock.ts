/**
 * Business time: validity, expiry of orders, billing periods, reports. Injected, so that a sandbox and tests can
 * move it. Leases and locks use the database's `now()`; tokens, sessions and throttles use real time.
 */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return realNow();
  }
}

/** Real time plus what the store's clock is ahead, plus what it was moved by in this process alone. */
export class MovableClock extends Clock {
  private ahead = 0;
  private offset = 0;

  now(): Date {
    return new Date(Date.now() + this.ahead + this.offset);
  }

  /** The clock that all processes of the store share is so many milliseconds ahead of real time. */
  follow(aheadMs: number): void {
    this.ahead = aheadMs;
  }

  advance(by: { days?: number; hours?: number; minutes?: number; seconds?: number }): void {
    const { days = 0, hours = 0, minutes = 0, seconds = 0 } = by;
    this.offset += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
  }
}

/** The real time of this machine. */
export function realNow(): Date {
  return new Date();
}
