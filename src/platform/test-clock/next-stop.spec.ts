import fc from 'fast-check';
import { nextStop } from './next-stop.js';

const at = (text: string) => new Date(`2026-11-${text}:00Z`);

describe('the next stop of a clock', () => {
  it.each([
    ['the night', at('21T10:00'), at('30T00:00'), null, at('22T02:00')],
    ['the night after, when it stands in one', at('22T02:00'), at('30T00:00'), null, at('23T02:00')],
    ['what is due before', at('21T10:00'), at('30T00:00'), at('21T15:30'), at('21T15:30')],
    ['an hour later, when it is due at once', at('21T10:00'), at('30T00:00'), at('21T10:01'), at('21T11:00')],
    ['its end', at('21T10:00'), at('21T10:20'), at('21T10:30'), at('21T10:20')],
  ])('is %s', (_name, now, to, due, stop) => {
    expect(nextStop(now, to, due)).toEqual(stop);
  });

  it('brings every clock to its end, always forward, a day at most at a time, and through every night', () => {
    const start = at('01T00:00').getTime();
    const minutes = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(minutes(1_440), minutes(20_000), fc.array(minutes(20_000)), (from, length, dues) => {
        const [first, to] = [start + from * 60_000, start + (from + length) * 60_000];
        const nights = new Set<number>();
        let now = first;
        for (let steps = 0; now < to; steps++) {
          const due = dues.map((each) => first + each * 60_000).filter((each) => each > now);
          const stop = nextStop(
            new Date(now),
            new Date(to),
            due.length > 0 ? new Date(Math.min(...due)) : null,
          );
          expect(stop.getTime()).toBeGreaterThan(now);
          expect(stop.getTime()).toBeLessThanOrEqual(Math.min(to, now + 86_400_000));
          expect(steps).toBeLessThan(400);
          now = stop.getTime();
          if (stop.getUTCHours() === 2 && stop.getUTCMinutes() === 0) nights.add(now);
        }
        for (let night = start + 2 * 3_600_000; night < to; night += 86_400_000)
          if (night > first) expect(nights).toContain(night);
      }),
    );
  });
});
