import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import { computeTotals } from '../cart/totals.js';
import type { Order, OrderLine } from '../order/order.js';
import type { TaxRules } from '../tax/tax-rules.js';
import { type Change, changed, NOTHING, settling } from './changed-order.js';
import {
  openPieces,
  paidPieces,
  replaceablePieces,
  returnablePieces,
  shareOf,
  UNTOUCHED,
} from '../order/order-pieces.js';

const CURRENCY = 'EUR';
const eur = (amount: bigint) => Money.of(amount, CURRENCY);

const rules = (pricesIncludeTax: boolean): TaxRules => ({
  zone: 'Somewhere',
  pricesIncludeTax,
  rateOf: (taxClass) => ({ taxClass, title: taxClass, ratePpm: taxClass === 'reduced' ? 70_000 : 190_000 }),
});

interface Bought {
  unitPrice: bigint;
  quantity: number;
  discount: bigint;
  taxClass: string;
}

const bought: fc.Arbitrary<Bought> = fc
  .record({
    unitPrice: fc.bigInt(0n, 5_000n),
    quantity: fc.integer({ min: 1, max: 7 }),
    off: fc.integer({ min: 0, max: 100 }),
    taxClass: fc.constantFrom('standard', 'reduced'),
  })
  .map(({ unitPrice, quantity, off, taxClass }) => ({
    unitPrice,
    quantity,
    taxClass,
    discount: (unitPrice * BigInt(quantity) * BigInt(off)) / 100n,
  }));

/** Lines as the checkout writes them, with ids from `first` on. */
function linesOf(items: readonly Bought[], shipping: bigint | null, tax: TaxRules, first: number) {
  const totals = computeTotals(
    CURRENCY,
    items.map((item) => ({ ...item, unitPrice: eur(item.unitPrice), discount: eur(item.discount) })),
    shipping === null ? null : eur(shipping),
    tax,
    eur((shipping ?? 0n) / 2n),
  );
  const lines = items.map((item, index) => {
    const charge = totals.lines[index];
    if (!charge) throw new Error('a line without a charge');
    const id = String(first + index);
    const money = { discount: item.discount, tax: charge.tax.amount, total: charge.total.amount };
    return {
      line: { ...UNTOUCHED, id, unitPrice: item.unitPrice, quantity: item.quantity, fulfilled: 0, ...money },
      taxLines: charge.taxLines.map(({ base, amount, ...rate }) => ({
        ...rate,
        lineId: id,
        base: base.amount,
        amount: amount.amount,
      })),
    };
  });
  return { totals, lines: lines as unknown as Change['added'] };
}

function orderOf(items: readonly Bought[], shipping: bigint, included: boolean): Order {
  const { totals, lines } = linesOf(items, shipping, rules(included), 0);
  const way = totals.shipping?.taxLines[0];
  if (!way) throw new Error('no shipping');
  return {
    currency: CURRENCY,
    pricesIncludeTax: included,
    givenBack: 0n,
    withdrawn: 0n,
    shippingOptionId: 'standard',
    shippingTitle: 'Standard',
    shippingChosenBy: 'shopper',
    subtotal: totals.subtotal.amount,
    discount: totals.discount.amount,
    shipping,
    discounts: [
      ...lines.flatMap(({ line: { id, discount } }) => [
        { lineId: id, amount: discount / 3n },
        { lineId: id, amount: discount - discount / 3n },
      ]),
      { lineId: null, amount: shipping / 2n },
    ].filter(({ amount }) => amount > 0n),
    tax: totals.tax.amount,
    total: totals.total.amount,
    lines: lines.map(({ line }) => line),
    taxLines: [
      ...lines.flatMap(({ taxLines }) => taxLines),
      { ...way, lineId: null, base: way.base.amount, amount: way.amount.amount },
    ],
  } as unknown as Order;
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

/** Every sentence that must hold of an order, whatever has happened to it. */
function expectSound(order: Order): void {
  const { lines, taxLines, discounts, pricesIncludeTax } = order;
  const way = taxLines.find(({ lineId }) => lineId === null);
  const shipping = order.shipping + (pricesIncludeTax ? 0n : (way?.amount ?? 0n));
  const off = sum(discounts.filter(({ lineId }) => lineId === null).map(({ amount }) => amount));
  expect(sum(lines.map(({ total }) => total)) + shipping - off).toBe(order.total);
  expect(sum(lines.map((line) => line.unitPrice * BigInt(paidPieces(line))))).toBe(order.subtotal);
  expect(sum(lines.map(({ discount }) => discount)) + off).toBe(order.discount);
  expect(sum(discounts.map(({ amount }) => amount))).toBe(order.discount);
  expect(discounts.every(({ amount }) => amount > 0n)).toBe(true);
  expect(sum(taxLines.map(({ amount }) => amount))).toBe(order.tax);
  expect(order.total).toBe(
    order.subtotal - order.discount + order.shipping + (pricesIncludeTax ? 0n : order.tax),
  );
  for (const line of lines) {
    const tax = taxLines.find(({ lineId }) => lineId === line.id);
    expect(tax?.amount).toBe(line.tax);
    expect((tax?.base ?? 0n) + line.tax).toBe(line.total);
    for (const amount of [line.discount, line.tax, line.total, tax?.base ?? 0n])
      expect(amount >= 0n).toBe(true);
    if (paidPieces(line) === 0) expect([line.discount, line.tax, line.total]).toEqual([0n, 0n, 0n]);
  }
}

interface Step {
  deed: 'send' | 'remove' | 'return' | 'refund' | 'replace' | 'add' | 'ship' | 'refundShipping';
  pick: number;
  pieces: number;
  items: Bought[];
  price: bigint;
}

const step: fc.Arbitrary<Step> = fc.record({
  deed: fc.constantFrom('send', 'remove', 'return', 'refund', 'replace', 'add', 'ship', 'refundShipping'),
  pick: fc.nat(20),
  pieces: fc.integer({ min: 1, max: 7 }),
  items: fc.array(bought, { minLength: 1, maxLength: 2 }),
  price: fc.bigInt(0n, 2_000n),
});

/** The step as a change of this order; null when there is nothing that it could be done to. */
function changeOf(order: Order, { deed, pick, pieces, items, price }: Step): Change | null {
  const some = (countOf: (line: OrderLine) => number) => {
    const able = order.lines.filter((line) => countOf(line) > 0);
    const line = able[pick % Math.max(able.length, 1)];
    return line ? [{ lineId: line.id, quantity: Math.min(pieces, countOf(line)) }] : null;
  };
  switch (deed) {
    case 'send': {
      const [one] = some(openPieces) ?? [];
      const line = order.lines.find(({ id }) => id === one?.lineId);
      if (line && one) line.fulfilled += one.quantity;
      return null;
    }
    case 'remove': {
      const removed = some(openPieces);
      return removed && { ...NOTHING, removed };
    }
    case 'return': {
      const returned = some(returnablePieces);
      return returned && { ...NOTHING, returned };
    }
    case 'refund': {
      const refunded = some(returnablePieces);
      return refunded && { ...NOTHING, refunded };
    }
    case 'replace': {
      const replaced = some(replaceablePieces);
      const newLineId = String(order.lines.length);
      return replaced && { ...NOTHING, replaced: replaced.map((one) => ({ ...one, newLineId })) };
    }
    case 'add': {
      // No promotion is asked about what comes on top.
      const plain = items.map((item) => ({ ...item, discount: 0n }));
      return {
        ...NOTHING,
        added: linesOf(plain, null, rules(order.pricesIncludeTax), order.lines.length).lines,
      };
    }
    case 'ship': {
      const tax = rules(order.pricesIncludeTax);
      const { shipping } = computeTotals(CURRENCY, [], eur(price), tax);
      if (!shipping) return null;
      const taxLines = shipping.taxLines.map(({ base, amount, ...rate }) => ({
        ...rate,
        lineId: null,
        base: base.amount,
        amount: amount.amount,
      }));
      return {
        ...NOTHING,
        shipping: {
          optionId: 'express',
          title: 'Express',
          chosenBy: 'staff',
          price,
          discounts: [],
          taxLines,
        },
      };
    }
    case 'refundShipping':
      return { ...NOTHING, refundShipping: true };
  }
}

describe('a change of an order', () => {
  it('shares a line out so that its pieces are the line, in whatever steps they go', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 15n),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }),
        (amount, steps) => {
          const whole = steps.reduce((total, pieces) => total + pieces, 0);
          let [left, pieces, gone] = [amount, whole, 0];
          for (const part of steps) {
            left -= shareOf(left, pieces, part);
            pieces -= part;
            gone += part;
            expect(amount - left).toBe(shareOf(amount, whole, gone));
          }
          expect(left).toBe(0n);
        },
      ),
    );
  });

  it('leaves an order that adds up, and money that is paid or owed to the cent, after any sequence', () => {
    fc.assert(
      fc.property(
        fc.array(bought, { minLength: 1, maxLength: 4 }),
        fc.bigInt(0n, 1_500n),
        fc.boolean(),
        fc.array(fc.tuple(step, fc.boolean()), { maxLength: 14 }),
        (items, shipping, included, steps) => {
          let order = orderOf(items, shipping, included);
          expectSound(order);
          let captured = eur(order.total);
          let refunded = eur(0n);
          for (const [one, pays] of steps) {
            const change = changeOf(order, one);
            if (change === null) continue;
            const result = changed(order, change);
            expectSound(result.order);
            expect(result.order.total - order.total).toBe(result.difference.amount);
            expect(sum(result.explained.map(({ total }) => total))).toBe(result.difference.amount);
            const kept = captured.minus(refunded);
            const { due, refund, givenBack } = settling(order, result.difference, {
              captured,
              kept,
              credited: eur(0n),
            });
            refunded = refunded.plus(refund);
            order = { ...result.order, givenBack };
            // Paid less what went back is what the order costs, but for what is still due.
            expect(captured.minus(refunded).plus(due).amount).toBe(order.total);
            if (pays) captured = captured.plus(due);
          }
        },
      ),
    );
  });

  it('gives back all of an order when all of it goes, piece by piece or at once', () => {
    fc.assert(
      fc.property(
        fc.array(bought, { minLength: 1, maxLength: 3 }),
        fc.bigInt(0n, 900n),
        fc.boolean(),
        (items, shipping, included) => {
          const order = orderOf(items, shipping, included);
          const pieces = order.lines.map(({ id, quantity }) => ({ lineId: id, quantity }));
          const whole = changed(order, { ...NOTHING, removed: pieces, refundShipping: true });
          expect(whole.isCanceled).toBe(true);
          expect(whole.order.total).toBe(0n);
          let step = order;
          let back = 0n;
          for (const { lineId, quantity } of pieces)
            for (let piece = 0; piece < quantity; piece++) {
              const result = changed(step, { ...NOTHING, removed: [{ lineId, quantity: 1 }] });
              step = result.order;
              back += result.difference.amount;
            }
          back += changed(step, { ...NOTHING, refundShipping: true }).difference.amount;
          expect(back).toBe(whole.difference.amount);
        },
      ),
    );
  });

  it('gives back no more than is left of what was paid, and first what was never paid', () => {
    const items = [{ unitPrice: 1_000n, quantity: 2, discount: 0n, taxClass: 'standard' }];
    const order = orderOf(items, 0n, true);
    const less = eur(-1_000n);
    const settle = (captured: bigint, kept: bigint, credited = 0n) =>
      settling(order, less, { captured: eur(captured), kept: eur(kept), credited: eur(credited) });
    expect(settle(2_000n, 700n)).toMatchObject({ refund: eur(700n), due: eur(0n) });
    expect(settle(1_300n, 1_300n)).toMatchObject({
      refund: eur(300n),
      due: eur(0n),
    });
    expect(settle(900n, 900n)).toMatchObject({ refund: eur(0n), due: eur(100n) });
    // Of what goes, 600 were credited by hand; of these 200 had never been paid.
    expect(settle(1_800n, 1_400n, 600n)).toMatchObject({
      ...{ creditedBefore: eur(400n), refund: eur(400n), due: eur(0n) },
      givenBack: 800n,
    });
  });
});
