import { randomUUID } from 'node:crypto';
import { newId } from '../../src/platform/ids.js';
import type { TestApp } from './app.js';
import type { Answer } from './client.js';

export const berlin = {
  firstName: 'Ada',
  lastName: 'Byron',
  line1: 'Unter den Linden 1',
  city: 'Berlin',
  postalCode: '10117',
  country: 'DE',
};
export const email = 'ada@example.test';
export const key = (): string => randomUUID();

export interface Goods {
  variantId: string;
  sku: string;
}

interface GoodsOptions {
  price?: number;
  stock?: number;
  taxClass?: string;
  weightGrams?: number;
  prices?: Record<string, number>;
}

type Store = Pick<TestApp, 'database'>;

/** Something that can be bought, put straight into the catalog: these tests are about selling it. */
export async function goods({ database }: Store, options: GoodsOptions = {}): Promise<Goods> {
  const { price = 1999, stock = 100, taxClass = 'standard', weightGrams = 500 } = options;
  const prices = options.prices ?? { EUR: price };
  const [productId, variantId] = [newId(), newId()];
  const sku = `SKU-${variantId.slice(-12)}`;
  await database.transaction(async () => {
    await database.execute(
      `INSERT INTO catalog.products (id, handle, title, status, tax_class, published_at)
       VALUES ($1, $2, $3, 'published', $4, now())`,
      [productId, sku.toLowerCase(), `Thing ${sku}`, taxClass],
    );
    await database.execute(
      `INSERT INTO catalog.variants (id, product_id, position, sku, title, options, weight_grams, prices)
       VALUES ($1, $2, 0, $3, 'Large', '{"Size": "L"}', $4, $5)`,
      [
        variantId,
        productId,
        sku,
        weightGrams,
        JSON.stringify(
          Object.fromEntries(
            Object.entries(prices).map(([currency, amount]) => [currency, { amount, compareAt: null }]),
          ),
        ),
      ],
    );
    for (const [currency, amount] of Object.entries(prices)) {
      await database.execute(
        `INSERT INTO catalog.prices (id, variant_id, currency, amount, valid_from, set_by) VALUES ($1, $2, $3, $4, now(), 'test')`,
        [newId(), variantId, currency, amount],
      );
    }
    await database.execute(
      `INSERT INTO catalog.stock (id, variant_id, location_id, on_hand)
       SELECT $1, $2, id, $3 FROM catalog.locations WHERE code = 'main'`,
      [newId(), variantId, stock],
    );
  });
  return { variantId, sku };
}

/** Takes something off the shelf between two looks at the cart. */
export async function setStock({ database }: Store, { variantId }: Goods, onHand: number): Promise<void> {
  await database.execute('UPDATE catalog.stock SET on_hand = $2 WHERE variant_id = $1', [variantId, onHand]);
}

export async function stockOf(
  { database }: Store,
  { variantId }: Goods,
): Promise<{ onHand: number; allocated: number; reserved: number }> {
  const [row] = await database.query<{ onHand: number; allocated: number; reserved: number }>(
    `SELECT sum(on_hand)::int AS "onHand", sum(allocated)::int AS allocated, sum(reserved)::int AS reserved
     FROM catalog.stock WHERE variant_id = $1`,
    [variantId],
  );
  if (!row) throw new Error('no such stock');
  return row;
}

/** Null when every currency of the ledger sums to zero. */
export async function imbalance({ database }: Store): Promise<string | null> {
  const rows = await database.query<{ currency: string; sum: string }>(
    'SELECT currency, sum(amount)::text AS sum FROM billing.ledger_entries GROUP BY currency HAVING sum(amount) <> 0',
  );
  return rows.length === 0 ? null : JSON.stringify(rows);
}

export interface CartInHand {
  id: string;
  token: string;
  body: Answer['body'];
}

type Shop = Pick<TestApp, 'post'>;

export async function fillCart(
  app: Shop,
  lines: (Goods & { quantity?: number })[],
  extra: object = {},
): Promise<CartInHand> {
  const { status, body, text } = await app.post('/v1/carts', {
    currency: 'EUR',
    email,
    lines: lines.map(({ variantId, quantity = 1 }) => ({ variantId, quantity })),
    ...extra,
  });
  if (status !== 201) throw new Error(`the cart was refused: ${text}`);
  return { id: body.id, token: body.token, body };
}

export function checkOut(
  app: Shop,
  cart: CartInHand,
  options: { token?: string; key?: string; body?: object; by?: string } = {},
): Promise<Answer> {
  return app.post(
    `/v1/carts/${cart.id}/checkout`,
    { payment: { gateway: 'test', token: options.token ?? 'ok' }, shippingAddress: berlin, ...options.body },
    { key: options.key ?? key(), cartToken: cart.token, ...(options.by && { token: options.by }) },
  );
}

/** Two calls, as a storefront would make them. */
export async function buy(
  app: Shop,
  lines: (Goods & { quantity?: number })[],
  options: { token?: string; body?: object; by?: string } = {},
): Promise<{ cart: CartInHand; answer: Answer }> {
  const cart = await fillCart(app, lines);
  return { cart, answer: await checkOut(app, cart, options) };
}
