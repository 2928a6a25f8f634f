import fc from 'fast-check';
import type { SellableVariant } from '../../catalog/catalog.api.js';
import { Money } from '../../platform/money/money.js';
import { newId } from '../../platform/ids.js';
import { type CartLine, isSameLine, MAX_LINES, MAX_QUANTITY, type Wish } from './cart.js';
import { fit } from './fitting.js';

const ids = Array.from({ length: 4 }, () => newId());
const wish = (variant: number, quantity: number, words: string | null = null): Wish => ({
  variantId: ids[variant] ?? '',
  productId: ids[variant] ?? '',
  sku: `SKU-${variant}`,
  title: 'Thing',
  quantity,
  giftCard: null,
  properties: words === null ? null : { words },
});
const line = (one: Wish): CartLine => ({ ...one, id: newId(), unitAmount: 100n });
const sold = (variant: number, terms: Partial<SellableVariant> = {}): SellableVariant => ({
  variantId: ids[variant] ?? '',
  productId: ids[variant] ?? '',
  sku: `SKU-${variant}`,
  title: 'Thing',
  variantTitle: '',
  options: {},
  unitPrice: Money.of(100, 'EUR'),
  taxClass: 'standard',
  weightGrams: 1,
  lengthMm: 0,
  widthMm: 0,
  heightMm: 0,
  shippingClass: null,
  available: 10,
  most: terms.available ?? 10,
  maxPerOrder: null,
  maxPerCustomer: null,
  stockTracked: true,
  kind: 'physical',
  download: null,
  components: null,
  ...terms,
});

describe('what is put into a cart by the lot', () => {
  it('goes in as far as it is sold, allowed and there, and says why not', () => {
    const sellable = [sold(0, { available: 3 }), sold(1, { maxPerOrder: 4 }), sold(2, { available: 0 })];
    const { lines, leftOut } = fit(
      [line(wish(1, 3))],
      [wish(0, 5), wish(1, 5, 'For Grace'), wish(2, 1), wish(3, 2)],
      sellable,
      true,
    );
    expect(lines.map(({ variantId, quantity }) => [ids.indexOf(variantId), quantity])).toEqual([
      [0, 3],
      [1, 1],
    ]);
    expect(leftOut.map(({ sku, wanted, taken, reason }) => [sku, wanted, taken, reason])).toEqual([
      ['SKU-0', 5, 3, 'out_of_stock'],
      ['SKU-1', 5, 1, 'max_per_order'],
      ['SKU-2', 1, 0, 'out_of_stock'],
      ['SKU-3', 2, 0, 'variant_unavailable'],
    ]);
  });

  it('needs no stock where a cart is only put together with another', () => {
    const { lines, leftOut } = fit([line(wish(0, 998))], [wish(0, 7)], [sold(0, { available: 0 })], false);
    expect([lines[0]?.quantity, leftOut[0]?.reason]).toEqual([1, 'max_quantity']);
  });

  it('never passes a limit, and loses no piece without a word', () => {
    const wishes = fc.array(
      fc
        .tuple(
          fc.integer({ min: 0, max: 3 }),
          fc.integer({ min: 1, max: 999 }),
          fc.option(fc.constantFrom('a', 'b')),
        )
        .map(([variant, quantity, words]) => wish(variant, quantity, words)),
      { maxLength: 12 },
    );
    const limit = fc.option(fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(
        wishes,
        limit,
        fc.boolean(),
        fc.integer({ min: 0, max: 400 }),
        (wanted, most, inStock, available) => {
          const sellable = [0, 1, 2].map((one) => sold(one, { maxPerOrder: most, available }));
          const { lines, leftOut } = fit([], wanted, sellable, inStock);
          const sum = (list: readonly { quantity: number }[]) =>
            list.reduce((all, { quantity }) => all + quantity, 0);
          const out = leftOut.reduce((all, one) => all + one.wanted - one.taken, 0);
          expect(sum(lines) + out).toBe(sum(wanted));
          expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
          for (const [index, one] of lines.entries()) {
            expect(one.quantity).toBeGreaterThan(0);
            expect(one.quantity).toBeLessThanOrEqual(MAX_QUANTITY);
            expect(lines.findIndex((other) => isSameLine(one, other))).toBe(index);
            const all = sum(lines.filter(({ variantId }) => variantId === one.variantId));
            expect(all).toBeLessThanOrEqual(most ?? Infinity);
            if (inStock) expect(all).toBeLessThanOrEqual(available);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
