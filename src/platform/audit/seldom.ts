import { realNow } from '../clock.js';

const MOST = 10_000;

/** Lets one of a kind pass in a while, so that whoever repeats something does not fill the trail with it. */
export class Seldom {
  private readonly until = new Map<string, number>();

  constructor(private readonly milliseconds: number) {}

  admits(what: string): boolean {
    const now = realNow().getTime();
    if ((this.until.get(what) ?? 0) > now) return false;
    if (this.until.size >= MOST) this.until.clear();
    this.until.set(what, now + this.milliseconds);
    return true;
  }
}
