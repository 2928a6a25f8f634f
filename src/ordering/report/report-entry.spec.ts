import fc from 'fast-check';
import type { Explained } from '../change/changed-order.js';
import { cohortDifference, cohortsOf, type CustomerOrder } from './cohorts.js';
import { bucketOf, type CountedOrder, difference, entriesOf, MEASURES } from './report-entry.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const line = (id: string, productId: string, pieces: number, price: number) => ({
  ...{ id, productId, pieces: BigInt(pieces), price: BigInt(price), discount: 0n, tax: BigInt(price) / 10n },
  total: BigInt(price),
});
const order = (changes: CountedOrder['changes'], canceledAt: Date | null = null): CountedOrder => ({
  ...{ country: 'DE', placedAt: at(0), canceledAt, discount: 0n, shipping: 500n, tax: 200n, total: 2500n },
  lines: [line('1', 'a', 2, 2000)],
  changes,
  promotions: [],
  refunds: [],
  categories: { a: ['shelf', 'room'] },
});
const change = (state: string, ...explained: Explained[]) => ({
  ...{ state, at: at(60), decidedAt: at(90), explained, undo: { addedLineIds: ['2'], shipping: null } },
});
const returned: Explained = {
  ...{ effect: 'returned', lineId: '1', quantity: 1, price: -1000n, discount: 0n, tax: -100n, total: -1000n },
};
const added: Explained = {
  ...{ effect: 'added', lineId: '2', quantity: 3, price: 900n, discount: 0n, tax: 90n, total: 900n },
};
const sums = (entries: ReturnType<typeof entriesOf>, dimension: string, key: string) =>
  Object.fromEntries(
    MEASURES.map((measure) => [
      measure,
      Number(
        entries.reduce(
          (sum, one) => sum + (one.dimension === dimension && one.key === key ? one[measure] : 0n),
          0n,
        ),
      ),
    ]),
  );

describe('what an order adds to reports', () => {
  it('is the sale when it was placed, and what came back when it came', () => {
    const entries = entriesOf(order([change('confirmed', returned)]));
    const [placed, back] = entries.filter(({ dimension }) => dimension === 'product');
    expect(placed).toMatchObject({
      bucket: bucketOf(at(0)),
      orders: 1n,
      pieces: 3n,
      gross: 3000n,
      total: 3000n,
    });
    expect(back).toMatchObject({
      bucket: bucketOf(at(60)),
      orders: 0n,
      returnedPieces: 1n,
      returned: 1000n,
      total: -1000n,
    });
    expect(sums(entries, 'country', 'DE')).toMatchObject({ orders: 1, shipping: 500, tax: 200, total: 2500 });
    expect(sums(entries, 'category', 'room')).toMatchObject({ orders: 1, total: 2000 });
  });

  it('counts what a change adds when it is paid, and never when it is not', () => {
    const paid = { ...order([change('confirmed', added)]), tax: 290n, total: 3400n };
    paid.lines = [...paid.lines, line('2', 'b', 3, 900)];
    const entries = entriesOf(paid);
    expect(entries.find(({ key }) => key === 'b')).toMatchObject({
      bucket: bucketOf(at(90)),
      pieces: 3n,
      gross: 900n,
    });
    expect(sums(entries, 'country', 'DE')).toMatchObject({ total: 3400, gross: 2900 });
    const waits = entriesOf({ ...paid, changes: [change('awaiting_payment', added)] });
    expect(waits.some(({ key }) => key === 'b')).toBe(false);
    expect(sums(waits, 'country', 'DE')).toMatchObject({ total: 2500, tax: 200 });
    expect(entriesOf(order([change('withdrawn', added)]))).toEqual(entriesOf(order([])));
  });

  it('is nothing in the end when it was canceled', () => {
    const entries = entriesOf(order([], at(300)));
    for (const [dimension, key] of [
      ['country', 'DE'],
      ['product', 'a'],
      ['category', 'shelf'],
    ] as const)
      expect(sums(entries, dimension, key)).toMatchObject({ orders: 1, canceled: 1, total: 0, tax: 0 });
  });

  it('is added once however often and in whatever steps it is counted', () => {
    const states = [
      order([]),
      order([change('confirmed', returned)]),
      order([change('confirmed', returned)], at(400)),
      { ...order([]), country: 'FR', refunds: [{ at: at(20), amount: 5n }] },
    ].map(entriesOf);
    const name = (one: (typeof states)[0][0]) => `${one.dimension} ${one.key} ${one.bucket}`;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: states.length - 1 }), { minLength: 1 }), (steps) => {
        let counted: (typeof states)[0] = [];
        let before: (typeof states)[0] = [];
        for (const step of steps) {
          const after = states[step] ?? [];
          counted = difference([], [...counted, ...difference(before, after, name)], name);
          before = after;
        }
        const sorted = (rows: typeof counted) => [...rows].sort((a, b) => name(a).localeCompare(name(b)));
        expect(sorted(counted)).toEqual(sorted(before));
      }),
    );
  });
});

describe('cohorts', () => {
  it('hold each customer once, and each order once', () => {
    const some = fc.array(
      fc.record({
        customer: fc.constantFrom('a', 'b', 'c'),
        currency: fc.constantFrom('EUR', 'USD'),
        placedAt: fc.nat({ max: 400 }).map((day) => new Date(Date.UTC(2026, 0, 1 + day))),
        total: fc.bigInt({ min: 0n, max: 10_000n }),
      }),
    );
    fc.assert(
      fc.property(some, some, (orders: CustomerOrder[], others: CustomerOrder[]) => {
        const rows = cohortsOf(orders);
        const all = (name: 'customers' | 'orders' | 'total' | 'repeaters', own = rows) =>
          own.reduce((sum, row) => sum + row[name], 0n);
        const first = rows.filter(({ cohort, month }) => cohort === month);
        const people = new Set(orders.map(({ customer, currency }) => customer + currency));
        expect(all('customers', first)).toBe(BigInt(people.size));
        expect(all('orders')).toBe(BigInt(orders.length));
        expect(all('total')).toBe(orders.reduce((sum, { total }) => sum + total, 0n));
        const after = cohortsOf(others);
        const there = cohortDifference([], [...rows, ...cohortDifference(rows, after)]);
        const named = (own: typeof rows) =>
          new Map(own.map((row) => [row.currency + row.cohort + row.month, row]));
        expect(named(there)).toEqual(named(after));
      }),
    );
  });
});
