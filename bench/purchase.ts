import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../src/platform/config.js';
import { exponentOf } from '../src/platform/money/currencies.js';
import { readArguments } from '../src/platform/start/arguments.js';
import { orEnd, StartFailure } from '../src/platform/start/failure.js';
import { Mailbox } from './mailbox.js';
import { demand, Steps } from './steps.js';

/*
 * `npm run purchase [-- --url http://localhost:3000]`: plays a whole purchase against a running store and shows each step
 * with its status and time. It ends with 1 when a step does not answer as it should.
 */
const USAGE = `npm run purchase [-- --url http://localhost:3000]

Plays a whole purchase against a running store and shows each step.

  --url       where the store answers (http://localhost and PORT)
  --currency  to pay in (STORE_CURRENCY)
  --token     what the test gateway takes for a card (ok)
  --mail      where the store writes its letters (mail in DATA_DIR)
  --help      show this`;

const options = orEnd(() => {
  const config = loadConfig();
  const {
    url = `http://localhost:${config.port}`,
    currency = config.storeCurrency,
    token = 'ok',
    mail = path.join(config.dataDir, 'mail'),
  } = readArguments(USAGE, {
    url: { type: 'string' },
    currency: { type: 'string' },
    token: { type: 'string' },
    mail: { type: 'string' },
  });
  if (!/^https?:/.test(url) || !URL.canParse(url))
    throw new StartFailure('--url is no address of a store.', 'Use one such as http://localhost:3000.');
  return { url: url.replace(/\/$/, ''), currency, token, mail };
});

const email = `buyer-${randomUUID().slice(0, 8)}@example.com`;
const password = `${randomUUID()} is what I remember`;
const address = {
  firstName: 'Ada',
  lastName: 'Byron',
  line1: 'Unter den Linden 1',
  city: 'Berlin',
  postalCode: '10117',
  country: 'DE',
};
const mailbox = new Mailbox(options.mail, email);
const steps = new Steps(options.url);

/** 1999 and EUR as 19.99 EUR. */
function price({ amount, currency }: { amount: number; currency: string }): string {
  const digits = exponentOf(currency);
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
}

const sellable = (one: { available: number; backorder: boolean; price: object | null }): boolean =>
  one.price !== null && (one.available > 0 || one.backorder);

await steps.step('ready', async () => {
  await steps.call('GET', '/health/ready', [200]);
  return options.url;
});
await steps.step('register', async () => {
  await steps.call('POST', '/v1/auth/register', [202], { email, password });
  return email;
});
await steps.step('verify e-mail', async () => {
  const found = await mailbox.letter(/token=([\w.~-]{16,})/, 5_000);
  if (!found) return `no letter to read in ${options.mail}: going on as a guest`;
  await steps.call('POST', '/v1/auth/email/verify', [204], { token: found[1] });
  return 'with the link in the letter';
});
const verified = steps.status === 204;
await steps.step('sign in', async () => {
  if (!verified) return 'left out: a guest has no account';
  const { accessToken } = await steps.call('POST', '/v1/auth/login', [200], { email, password });
  demand(typeof accessToken === 'string', 'there is no access token in the answer');
  steps.headers = { authorization: `Bearer ${accessToken}` };
  return 'with the password';
});

let word = '';
await steps.step('browse', async () => {
  const { items } = await steps.call(
    'GET',
    `/v1/products?inStock=true&currency=${options.currency}&limit=24`,
    [200],
  );
  demand(items.length > 0, `there is nothing in stock with a price in ${options.currency}`);
  // The longest word of a title: a short one might be no word at all.
  word = items[0].title.split(/[^\p{L}]+/u).sort((a: string, b: string) => b.length - a.length)[0];
  return `${items.length} products in stock, the first is “${items[0].title}”`;
});
let variant: { id: string; sku: string; productId: string };
await steps.step('search', async () => {
  const query = new URLSearchParams({ q: word, inStock: 'true', currency: options.currency, facets: 'true' });
  const { items } = await steps.call('GET', `/v1/products?${query}`, [200]);
  demand(items.length > 0, `“${word}” stands in a title and is not found`);
  variant = { ...items[0].variants.find(sellable), productId: items[0].id };
  demand(variant.id !== undefined, 'none of its variants can be bought');
  return `“${word}”: ${items.length} products`;
});
await steps.step('product', async () => {
  const product = await steps.call(
    'GET',
    `/v1/products/${variant.productId}?currency=${options.currency}`,
    [200],
  );
  return `“${product.title}”, ${variant.sku}`;
});

let cart: { id: string; totals: { total: { amount: number; currency: string } } };
await steps.step('cart', async () => {
  const { token, ...made } = await steps.call('POST', '/v1/carts', [201], {
    currency: options.currency,
    email,
    lines: [{ variantId: variant.id, quantity: 1 }],
  });
  if (token) steps.headers['x-cart-token'] = token;
  cart = made;
  return price(made.totals.total);
});
await steps.step('address', async () => {
  cart = await steps.call('PATCH', `/v1/carts/${cart.id}`, [200], { shippingAddress: address });
  return `${price(cart.totals.total)}, shipping and tax included`;
});
await steps.step('shipping options', async () => {
  const { items = [] } = await steps.call('GET', `/v1/carts/${cart.id}/shipping-options`, [200]);
  return `${items.length} of them`;
});
await steps.step('readiness', async () => {
  const { ready, problems } = await steps.call('GET', `/v1/carts/${cart.id}/readiness`, [200]);
  demand(ready === true, `not ready: ${JSON.stringify(problems)}`);
  return 'nothing is in the way';
});
let order: { id: string; number: string; payments: { id: string }[] };
await steps.step('checkout', async () => {
  order = await steps.call('POST', `/v1/carts/${cart.id}/checkout`, [201, 202], {
    expectedTotal: cart.totals.total,
    payment: { gateway: 'test', token: options.token },
  });
  return `order ${order.number}`;
});
await steps.step('order', async () => {
  const { status, paymentStatus } = await steps.call('GET', `/v1/orders/${order.id}`, [200]);
  if (options.token === 'ok')
    demand(status === 'placed' && paymentStatus === 'paid', `${status}, ${paymentStatus}`);
  return `${status}, ${paymentStatus}`;
});
await steps.step('payment', async () => {
  const payment = await steps.call('GET', `/v1/payments/${order.payments[0]?.id}`, [200]);
  if (options.token === 'ok') demand(payment.status === 'captured', payment.status);
  return `${payment.status}, ${price(payment.amount)}`;
});
await steps.step('confirmation', async () => {
  if (!verified) return `not looked for: the letters are not in ${options.mail}`;
  if (options.token !== 'ok') return 'not looked for: it comes when the payment does';
  const found = await mailbox.letter(new RegExp(`^Subject: (.*order ${order.number}.*)$`, 'm'), 10_000);
  demand(found !== null, `no letter about order ${order.number} in ten seconds`);
  return `“${found?.[1]}”`;
});
await steps.step('invoice', async () => {
  if (options.token !== 'ok') return 'not looked for: it comes when the payment does';
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; await sleep(100)) {
    const { items } = await steps.call('GET', `/v1/orders/${order.id}/invoices`, [200]);
    if (items[0]?.number) return `${items[0].number}, ${price(items[0].total)}`;
  }
  return 'it waits until the store has said who sells (PUT /v1/admin/seller-profile)';
});
console.log(`\nA whole purchase in ${steps.seconds} s.`);
process.exit(0);
