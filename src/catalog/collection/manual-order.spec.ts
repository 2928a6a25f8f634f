import fc from 'fast-check';
import { placesFor } from './manual-order.js';

describe('the places of a manual order', () => {
  const letters = fc.uniqueArray(fc.constantFrom(...'abcdefghijkl'), { maxLength: 12 });
  const present = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...'abcdefghijkl'), fc.integer({ min: -40, max: 40 })),
    {
      selector: ([id]) => id,
    },
  );

  it('rise in the order that was asked for, whatever was there', () => {
    fc.assert(
      fc.property(letters, present, (wanted, pairs) => {
        const places = placesFor(wanted, new Map(pairs));
        expect(places).toHaveLength(wanted.length);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
        expect(places.every(Number.isSafeInteger)).toBe(true);
      }),
    );
  });

  it('stay for all but the one that comes, goes or moves', () => {
    fc.assert(
      fc.property(letters, fc.nat(), fc.nat(), (before, from, to) => {
        const places = new Map(placesFor(before, new Map()).map((place, n) => [before[n] ?? '', place]));
        const moved = before[from % Math.max(before.length, 1)];
        const others = before.filter((id) => id !== moved);
        const movers = (wanted: string[]) => {
          const next = placesFor(wanted, places);
          return wanted.filter((id, n) => next[n] !== places.get(id)).length;
        };
        expect(movers(others)).toBe(0);
        expect(movers(before.toSpliced(to % (before.length + 1), 0, 'new'))).toBe(1);
        if (moved)
          expect(movers(others.toSpliced(to % (others.length + 1), 0, moved))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are made anew when no room is left between two', () => {
    expect(
      placesFor(
        ['a', 'b', 'c'],
        new Map([
          ['a', 1],
          ['c', 2],
        ]),
      ),
    ).toEqual([2 ** 32, 2 ** 33, 3 * 2 ** 32]);
  });
});
