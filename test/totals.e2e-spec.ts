import fc from 'fast-check';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { berlin, checkOut, fillCart, type Goods, key } from './support/purchase.js';

type Body = Answer['body'];
type Amount = { amount: number };

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/** Prices that round badly, of two classes of tax. */
const SHELF = [
  [1, 'standard'],
  [33, 'reduced'],
  [999, 'standard'],
  [1995, 'reduced'],
  [12_345, 'standard'],
] as const;

const ppm = fc.integer({ min: 1, max: 1_000_000 });
const money = fc.integer({ min: 1, max: 6_000 }).map(eur);
const rules = { priority: fc.integer({ min: 0, max: 2 }), exclusive: fc.boolean() };
const percent = fc.record({ type: fc.constant('percent'), ppm });
const amount = fc.record({ type: fc.constant('amount'), money, per: fc.constantFrom('each', 'across') });
const fixed = fc.record({ type: fc.constant('fixed_price'), money });
const pairs = fc.record({
  type: fc.constant('buy_x_get_y'),
  buy: fc.record({ quantity: fc.integer({ min: 1, max: 3 }) }),
  get: fc.record({ quantity: fc.integer({ min: 1, max: 2 }) }),
  ppm,
});
const cheapest = fc.record({ type: fc.constant('cheapest_free'), every: fc.integer({ min: 2, max: 4 }) });
const tiers = fc.record({ min: money, ppm }).map((tier) => ({ type: 'tiers', tiers: [tier] }));
const free = fc.constant({ type: 'free_shipping' });
const promotion = fc.oneof(
  fc.record({
    ...rules,
    group: fc.constant('product'),
    effect: fc.oneof(percent, amount, fixed, pairs, cheapest, tiers),
  }),
  fc.record({ ...rules, group: fc.constant('order'), effect: fc.oneof(percent, amount, tiers) }),
  fc.record({ ...rules, group: fc.constant('shipping'), effect: fc.oneof(percent, free, fixed) }),
);
const line = fc.record({
  shelf: fc.nat({ max: SHELF.length - 1 }),
  quantity: fc.integer({ min: 1, max: 7 }),
});
const world = fc.record({
  promotions: fc.array(promotion, { minLength: 1, maxLength: 4 }),
  modes: fc.record({
    product: fc.constantFrom('stack', 'best'),
    order: fc.constantFrom('stack', 'best'),
    shipping: fc.constantFrom('stack', 'best'),
  }),
  lines: fc.uniqueArray(line, { minLength: 1, maxLength: 4, selector: ({ shelf }) => shelf }),
  place: fc.constantFrom(
    berlin,
    { ...berlin, country: 'HU', postalCode: '1051' },
    { ...berlin, country: 'US', region: 'NY', postalCode: '10001' },
  ),
  /** Where the refunds cut what was paid, in thousandths. */
  cuts: fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 3 }),
});

describe('whatever is bought with whatever promotions', () => {
  let app: TestApp;
  let token: string;
  let shelf: Goods[];

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    shelf = [];
    for (const [price, taxClass] of SHELF) {
      const sku = `S-${price}`;
      const variant = {
        sku,
        weightGrams: 90,
        prices: [eur(price)],
        stock: [{ location: 'main', onHand: 100_000 }],
      };
      const { variants } = await given.product(app, token, { taxClass, variants: [variant] });
      shelf.push({ variantId: variants[0].id, sku });
    }
  });
  afterAll(() => app?.close());

  const must = ({ status, body, text }: Answer, ...wanted: number[]): Body => {
    if (!wanted.includes(status)) throw new Error(`${status}: ${text}`);
    return body;
  };

  /** Lines, shipping and tax come to the total, and no discount to more than there was. */
  function addsUp({ lines, totals, pricesIncludeTax }: Body, shippingDiscount: number): void {
    const of = (name: string) => sum(lines.map((each: Record<string, Amount>) => each[name]?.amount));
    for (const { unitPrice, quantity, discount, tax, total } of lines) {
      expect(discount.amount).toBeGreaterThanOrEqual(0);
      expect(discount.amount).toBeLessThanOrEqual(unitPrice.amount * quantity);
      expect(total.amount).toBe(
        unitPrice.amount * quantity - discount.amount + (pricesIncludeTax ? 0 : tax.amount),
      );
    }
    expect(totals.subtotal.amount).toBe(
      sum(
        lines.map(
          ({ unitPrice, quantity }: { unitPrice: Amount; quantity: number }) => unitPrice.amount * quantity,
        ),
      ),
    );
    expect(totals.discount.amount - shippingDiscount).toBe(of('discount'));
    expect(totals.shipping.amount).toBeGreaterThanOrEqual(shippingDiscount);
    const due = totals.subtotal.amount - totals.discount.amount + totals.shipping.amount;
    expect(totals.total.amount).toBe(due + (pricesIncludeTax ? 0 : totals.tax.amount));
    expect(totals.tax.amount).toBeGreaterThanOrEqual(of('tax'));
  }

  it('lines, shipping and tax are the total, the total is what is captured, and its refunds come to it', async () => {
    let bought = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ promotions, modes, lines, place: shippingAddress, cuts }) => {
        for (const [group, mode] of Object.entries(modes))
          must(await app.patch(`/v1/admin/promotion-groups/${group}`, { mode }, { token }), 200);
        const made: string[] = [];
        for (const each of promotions) {
          const body = { title: 'One of many', trigger: 'automatic', status: 'active', ...each };
          made.push(must(await app.post('/v1/admin/promotions', body, { token }), 201).id);
        }
        try {
          const wanted = lines.map(({ shelf: at, quantity }) => ({ ...(shelf[at] as Goods), quantity }));
          const cart = await fillCart(app, wanted);
          const shown = must(
            await app.patch(`/v1/carts/${cart.id}`, { shippingAddress }, { cartToken: cart.token }),
            200,
          );
          const expectedTotal = shown.totals.total;
          const body = { expectedTotal, shippingAddress };
          const order = must(await checkOut(app, cart, { body }), 201);
          expect(order).toMatchObject({ status: 'placed', totals: shown.totals });
          const onShipping = sum(
            order.discounts
              .filter(({ group }: { group: string }) => group === 'shipping')
              .map((each: { amount: Amount }) => each.amount.amount),
          );
          addsUp(order, onShipping);
          const paid = sum(order.payments.map((each: { amount: Amount }) => each.amount.amount));
          expect(paid).toBe(expectedTotal.amount);
          bought++;
          const [payment] = order.payments;
          if (!payment) return;
          const seen = must(await app.get(`/v1/admin/payments/${payment.id}`, { token }), 200);
          expect(seen.captured).toEqual(order.totals.total);

          const at = [...new Set(cuts.map((cut) => Math.floor((paid * cut) / 1_000)))].sort((a, b) => a - b);
          const marks = [0, ...at.filter((mark) => mark > 0 && mark < paid), paid];
          for (const [index, mark] of marks.slice(1).entries()) {
            const part = eur(mark - (marks[index] as number));
            const refund = { amount: part };
            must(
              await app.post(`/v1/admin/payments/${payment.id}/refunds`, refund, { token, key: key() }),
              201,
            );
          }
          const more = { amount: eur(1) };
          const refused = await app.post(`/v1/admin/payments/${payment.id}/refunds`, more, {
            token,
            key: key(),
          });
          expect([refused.status, refused.body.code]).toEqual([409, 'billing.refund_exceeds_captured']);
        } finally {
          for (const id of made) must(await app.delete(`/v1/admin/promotions/${id}`, { token }), 200, 204);
        }
      }),
      { numRuns: Number(process.env.TOTALS_RUNS ?? 20) },
    );
    expect(bought).toBeGreaterThan(0);

    await app.settle();
    must(await app.post('/v1/admin/integrity/runs', undefined, { token }), 202);
    await app.run('platform.run_integrity');
    expect(must(await app.get('/v1/admin/integrity', { token }), 200).items).toEqual([]);
  });
});
