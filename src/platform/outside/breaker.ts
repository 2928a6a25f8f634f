/** Failures in a row after which nobody is asked. */
const TOLERATED = 3;
const PAUSE_MS = 30_000;

/**
 * Keeps a dead service from being waited for: after three failures in a row nobody asks for half a minute, then one asks
 * alone, and its luck decides for all.
 */
export class Breaker {
  private failures = 0;
  private openUntil = 0;
  private isTrying = false;

  /** Asks, or answers null: it is no use now, or it went wrong. `now` is real time in milliseconds. */
  async call<T>(now: () => number, work: () => Promise<T>): Promise<T | null> {
    const isProbe = this.failures >= TOLERATED;
    if (isProbe && (now() < this.openUntil || this.isTrying)) return null;
    this.isTrying = isProbe;
    try {
      const answer = await work();
      this.failures = 0;
      return answer;
    } catch {
      this.failures++;
      this.openUntil = now() + PAUSE_MS;
      return null;
    } finally {
      if (isProbe) this.isTrying = false;
    }
  }
}
