import fc from 'fast-check';
import { type Asking, type ListedPrice, priceOf } from './price-rule.js';

const day = (text: string) => new Date(`2026-11-${text}T00:00:00Z`);
const base = { amount: 2000, compareAt: null };
const ask = (asking: Partial<Asking> = {}): Asking => ({ groups: [], quantity: 1, at: day('20'), ...asking });
const entry = (fields: Partial<ListedPrice>): ListedPrice => ({
  list: 'a',
  minQuantity: 1,
  amount: 1500,
  compareAt: null,
  active: true,
  validFrom: null,
  validUntil: null,
  groups: null,
  priority: 0,
  ...fields,
});
const amount = (entries: ListedPrice[], asking?: Partial<Asking>) =>
  priceOf(base, entries, ask(asking))?.amount;

describe('the price', () => {
  it('is the base price when no list applies, and null without one', () => {
    expect(amount([])).toBe(2000);
    expect(priceOf(null, [entry({ active: false })], ask())).toBeNull();
    expect(priceOf(null, [entry({})], ask())).toEqual({ amount: 1500, compareAt: null });
  });

  it('begins with the first moment of the window and ends with the last', () => {
    const sale = [entry({ validFrom: day('20'), validUntil: day('21') })];
    expect(amount(sale, { at: new Date(day('20').getTime() - 1) })).toBe(2000);
    expect(amount(sale, { at: day('20') })).toBe(1500);
    expect(amount(sale, { at: new Date(day('21').getTime() - 1) })).toBe(1500);
    expect(amount(sale, { at: day('21') })).toBe(2000);
  });

  it('asks for one of the groups and for the quantity', () => {
    const entries = [entry({ groups: ['trade', 'staff'], minQuantity: 10 })];
    expect(amount(entries, { groups: ['trade'], quantity: 10 })).toBe(1500);
    expect(amount(entries, { groups: ['trade'], quantity: 9 })).toBe(2000);
    expect(amount(entries, { groups: ['press'], quantity: 10 })).toBe(2000);
    expect(amount(entries, { quantity: 10 })).toBe(2000);
  });

  it('is that of the highest priority, even when it is higher; among equals the lowest', () => {
    const [low, cheap, strong] = [
      entry({}),
      entry({ list: 'b', amount: 1400 }),
      entry({ priority: 5, amount: 2500 }),
    ];
    expect(amount([low, cheap])).toBe(1400);
    expect(amount([cheap, strong, low])).toBe(2500);
  });

  it('does not depend on the order of the entries, and is always one of those that apply', () => {
    const someday = fc.integer({ min: 10, max: 29 }).map((n) => day(String(n)));
    const entries = fc.array(
      fc.record({
        list: fc.constantFrom('a', 'b', 'c'),
        minQuantity: fc.integer({ min: 1, max: 5 }),
        amount: fc.integer({ min: 1, max: 5 }),
        compareAt: fc.constant(null),
        active: fc.boolean(),
        validFrom: fc.option(someday),
        validUntil: fc.option(someday),
        groups: fc.option(fc.subarray(['x', 'y'], { minLength: 1 })),
        priority: fc.integer({ min: 0, max: 2 }),
      }),
    );
    const asking = fc.record({
      groups: fc.subarray(['x', 'y']),
      quantity: fc.integer({ min: 1, max: 6 }),
      at: someday,
    });
    fc.assert(
      fc.property(entries, asking, (all, asked) => {
        const price = priceOf(base, all, asked);
        expect(priceOf(base, [...all].reverse(), asked)).toEqual(price);
        const fits = all.filter(
          ({ active, minQuantity, validFrom, validUntil, groups }) =>
            active &&
            minQuantity <= asked.quantity &&
            !(validFrom && validFrom > asked.at) &&
            !(validUntil && validUntil <= asked.at) &&
            (!groups || groups.some((group) => asked.groups.includes(group))),
        );
        const top = Math.max(...fits.map(({ priority }) => priority));
        const amounts = fits.filter(({ priority }) => priority === top).map((one) => one.amount);
        expect(price?.amount).toBe(fits.length === 0 ? base.amount : Math.min(...amounts));
      }),
    );
  });
});
