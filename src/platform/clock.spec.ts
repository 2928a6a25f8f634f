import { MovableClock, realNow, SystemClock } from './clock.js';

const near = (a: Date, b: Date) => Math.abs(a.getTime() - b.getTime()) < 1_000;

describe('clocks', () => {
  it('tell the real time when nobody moves them', () => {
    expect(near(new SystemClock().now(), realNow())).toBe(true);
    expect(near(new MovableClock().now(), realNow())).toBe(true);
  });

  it('move by the sum of all that they were moved by, and alone', () => {
    const [moved, other] = [new MovableClock(), new MovableClock()];
    moved.advance({ days: 1, hours: 2 });
    moved.advance({ minutes: 3, seconds: 4 });
    const expected = new Date(realNow().getTime() + ((26 * 60 + 3) * 60 + 4) * 1_000);
    expect(near(moved.now(), expected)).toBe(true);
    expect(near(other.now(), realNow())).toBe(true);
  });
});
