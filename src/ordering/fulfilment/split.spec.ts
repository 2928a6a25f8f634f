import fc from 'fast-check';
import type { StockPick } from './fulfilment.js';
import { Shelf, type Source, split, type SplitLine } from './split.js';

const at = (variantId: string, location: string, quantity: number, shipped = 0): Source => ({
  ...{ variantId, location, locationName: location.toUpperCase(), quantity, shipped },
});
const line = (id: string, extra: Partial<SplitLine> = {}): SplitLine => ({
  ...{ id, variantId: id, stockTracked: true, components: null },
  ...extra,
});
const part = (variantId: string, quantity: number) => ({ variantId, quantity, stockTracked: true });
const shown = (picks: readonly StockPick[]) =>
  picks.map((one) => `${one.variantId}@${one.location}:${one.quantity}`);

describe('parting what is sent by where it lies', () => {
  it('makes a share for each place, the first giving first', () => {
    const shelf = new Shelf([at('a', 'main', 2), at('a', 'east', 3), at('b', 'east', 1)], []);
    const wanted = [
      { lineId: 'a', quantity: 4 },
      { lineId: 'b', quantity: 1 },
    ];
    const { shares, missing } = split([line('a'), line('b')], wanted, shelf);
    expect(shares.map(({ place, picks }) => [place?.code, ...shown(picks)])).toEqual([
      ['main', 'a@main:2'],
      ['east', 'a@east:2', 'b@east:1'],
    ]);
    expect(missing).toEqual([]);
  });

  it('counts what was sent and what is planned as gone, and one place for itself when it is named', () => {
    const planned = [{ lineId: 'a', variantId: 'a', location: 'main', quantity: 1 }];
    const sources = [at('a', 'main', 3, 1), at('a', 'east', 3)];
    const only = { code: 'main', name: 'MAIN' };
    const { shares, missing } = split(
      [line('a')],
      [{ lineId: 'a', quantity: 2 }],
      new Shelf(sources, planned),
      only,
    );
    expect(shares.flatMap(({ picks }) => shown(picks))).toEqual(['a@main:1']);
    expect(missing).toEqual([{ lineId: 'a', most: 1 }]);
  });

  it('keeps a bundle whole where it can, and says that it comes from several places where it cannot', () => {
    const set = line('set', { components: [part('a', 2), part('b', 1)] });
    const shelf = new Shelf([at('a', 'main', 4), at('b', 'main', 1), at('b', 'east', 1)], []);
    const { shares } = split([set], [{ lineId: 'set', quantity: 2 }], shelf);
    expect(
      shares.map(({ place, lines, picks }) => [place?.code ?? null, lines[0]?.quantity, ...shown(picks)]),
    ).toEqual([
      ['main', 1, 'a@main:2', 'b@main:1'],
      [null, 1, 'a@main:2', 'b@east:1'],
    ]);
  });

  it('lets what nobody counts go with the first share, or alone', () => {
    const free = line('free', { stockTracked: false });
    const wanted = [
      { lineId: 'free', quantity: 3 },
      { lineId: 'a', quantity: 1 },
    ];
    const { shares } = split([free, line('a')], wanted, new Shelf([at('a', 'main', 1)], []));
    expect(shares).toHaveLength(1);
    expect(shares[0]?.lines).toEqual([wanted[1], wanted[0]]);
    const alone = split([free], [{ lineId: 'free', quantity: 3 }], new Shelf([], []));
    expect(alone.shares).toEqual([{ place: null, lines: [{ lineId: 'free', quantity: 3 }], picks: [] }]);
  });

  it('never takes more than lies there, and all that is wanted or says what is missing', () => {
    const places = ['main', 'east', 'west'];
    const stock = fc.array(
      fc.record({ place: fc.nat(2), variant: fc.nat(2), quantity: fc.integer({ min: 1, max: 9 }) }),
      {
        maxLength: 9,
      },
    );
    const lines = fc.array(
      fc.record({
        parts: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }),
        wanted: fc.nat(6),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(stock, lines, (rows, asked) => {
        const sources = rows.map((row) => at(`v${row.variant}`, places[row.place] ?? '', row.quantity));
        const order = asked.map(({ parts }, index) =>
          line(`l${index}`, {
            components: parts.flatMap((quantity, variant) =>
              quantity > 0 ? [part(`v${variant}`, quantity)] : [],
            ),
          }),
        );
        const wanted = asked.map(({ wanted: quantity }, index) => ({ lineId: `l${index}`, quantity }));
        const { shares, missing } = split(order, wanted, new Shelf(sources, []));
        const picks = shares.flatMap((share) => share.picks);
        for (const place of places)
          for (const variant of ['v0', 'v1', 'v2']) {
            const sum = (those: readonly { variantId: string; location: string; quantity: number }[]) =>
              those
                .filter((one) => one.variantId === variant && one.location === place)
                .reduce((total, one) => total + one.quantity, 0);
            expect(sum(picks)).toBeLessThanOrEqual(sum(sources));
          }
        for (const share of shares)
          if (share.place)
            expect(share.picks.every(({ location }) => location === share.place?.code)).toBe(true);
        for (const { lineId, quantity } of wanted) {
          const given = shares.flatMap((share) => share.lines).filter((one) => one.lineId === lineId);
          const pieces = given.reduce((total, one) => total + one.quantity, 0);
          expect(pieces).toBe(missing.find((one) => one.lineId === lineId)?.most ?? quantity);
          const components = order.find(({ id }) => id === lineId)?.components ?? [];
          for (const { variantId, quantity: each } of components) {
            const taken = picks.filter((one) => one.lineId === lineId && one.variantId === variantId);
            expect(taken.reduce((total, one) => total + one.quantity, 0)).toBe(pieces * each);
          }
        }
      }),
    );
  });
});
