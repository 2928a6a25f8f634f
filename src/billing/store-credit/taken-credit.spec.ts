import fc from 'fast-check';
import { comesBack, type Taken } from './taken-credit.js';

const day = (n: number) => new Date(Date.UTC(2026, 0, n));

describe('credit that comes back', () => {
  it('has the end that it had', () => {
    const taken = [
      { position: 1, left: 10_000n, expiresAt: day(2) },
      { position: 2, left: 1n, expiresAt: null },
    ];
    expect(comesBack(taken, 5_000n)).toEqual([
      { position: 2, amount: 1n, expiresAt: null },
      { position: 1, amount: 4_999n, expiresAt: day(2) },
    ]);
  });

  it('is in all what was taken, in whatever steps it comes', () => {
    const one = fc.record({
      left: fc.bigInt({ min: 1n, max: 1_000n }),
      expiresAt: fc.option(fc.integer({ min: 1, max: 20 }).map(day)),
    });
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 6 }),
        fc.array(fc.bigInt({ min: 1n, max: 700n }), { maxLength: 12 }),
        (lots, steps) => {
          let open: Taken[] = lots.map((lot, index) => ({ ...lot, position: index + 1 }));
          const whole = open.reduce((sum, { left }) => sum + left, 0n);
          for (const amount of [...steps, whole]) {
            const had = open.reduce((sum, { left }) => sum + left, 0n);
            const back = comesBack(open, amount);
            const sum = back.reduce((all, part) => all + part.amount, 0n);
            expect(sum).toBe(amount < had ? amount : had);
            open = open.map((lot) => ({
              ...lot,
              left: lot.left - (back.find(({ position }) => position === lot.position)?.amount ?? 0n),
            }));
            expect(open.every(({ left }) => left >= 0n)).toBe(true);
          }
          expect(open.every(({ left }) => left === 0n)).toBe(true);
        },
      ),
    );
  });
});
