import { createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Money } from '../src/platform/money/money.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { startApp, type TestApp } from './support/app.js';
import { AnswerBook } from './support/answers.js';
import type { Answer, Options } from './support/client.js';
import { shownCode } from './support/authenticator-app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import { given } from './support/given.js';
import { Collections } from '../src/billing/dunning/collections.service.js';
import { Invoices } from '../src/billing/invoice/invoices.service.js';
import { planInvoice } from './support/invoices.js';
import { berlin, buy, checkOut, goods } from './support/purchase.js';
import { Browser, RealProvider } from './support/providers.js';

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { example?: unknown }> };
  parameters?: { name: string; in: string; required?: boolean }[];
  responses: Record<string, { headers?: Record<string, object>; content?: Record<string, object> }>;
}

interface Known {
  method: string;
  path: string;
  operation: Operation;
}

/** The id that stands in the examples for one that only a store of its own can give. */
const PLACEHOLDER = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

const CARRIER_SECRET = 'what only the carrier knows'.replaceAll(' ', '-');

type Ids = Record<string, string>;
/** What no example can know: tokens of letters, codes, what a passkey signed. */
type Secrets = Record<string, unknown>;

/** The examples of the documents are sent as they stand, to an empty store, in the order of a store's life. */
describe('the example', () => {
  const operations = new Map<string, Known>();
  const sent = new Set<string>();
  /** Operations whose answer says where what they made is read. */
  const located = new Set<string>();
  const made = new Set<string>();
  const book = new AnswerBook();
  let provider: RealProvider;
  let app: TestApp;
  let staff: string;
  let customer = '';
  let refreshToken = '';

  beforeAll(async () => {
    provider = await RealProvider.start('acme');
    const acme = { code: 'acme', title: 'Acme', issuer: provider.issuer, ...RealProvider.client };
    app = await startApp({
      OIDC_PROVIDERS: JSON.stringify([acme]),
      CARRIER_WEBHOOK_SECRETS: `dhl=${CARRIER_SECRET}`,
    });
    for (const file of ['openapi.json', 'openapi.admin.json']) {
      const { paths } = (await app.get(`/${file}`)).body as {
        paths: Record<string, Record<string, Operation>>;
      };
      for (const [path, item] of Object.entries(paths))
        for (const [method, operation] of Object.entries(item))
          operations.set(operation.operationId, { method: method.toUpperCase(), path, operation });
    }
    staff = await given.admin(app);
  });
  afterAll(async () => {
    await app?.close();
    await provider?.stop();
  });

  /** Sends the example; ids of the path and of the body, and secrets from mails, come from what was made before. */
  async function replay(
    id: string,
    options: {
      ids?: Ids;
      secrets?: Secrets;
      /** The token of the body itself, where there is another one in it. */
      linkToken?: string;
      cartToken?: string;
      token?: string;
      type?: string;
      query?: string;
    } = {},
  ): Promise<Answer> {
    const { ids = {}, secrets = {}, cartToken, type = 'application/json', query = '' } = options;
    const known = operations.get(id);
    if (!known) throw new Error(`there is no operation ${id}`);
    const { method, path, operation } = known;
    const example = operation.requestBody?.content[type]?.example;
    if (example === undefined) throw new Error(`${id} has no example of ${type}`);
    const body =
      typeof example === 'string'
        ? example
        : (JSON.parse(
            JSON.stringify(example, (name, value: unknown) => {
              if (name in secrets) return secrets[name];
              if (value !== PLACEHOLDER) return value;
              if (ids[name] === undefined) throw new Error(`${id} needs ${name}`);
              return ids[name];
            }),
          ) as object);
    if (options.linkToken !== undefined) Object.assign(body, { token: options.linkToken });
    const form = type === 'application/x-www-form-urlencoded';
    const url = `${path}${query}`.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = ids[name];
      if (value === undefined) throw new Error(`${id} needs ${name} in its path`);
      return value;
    });
    const keyed = operation.parameters?.some(({ name }) => name === 'Idempotency-Key');
    const token = options.token ?? (path.startsWith('/v1/admin') ? staff : undefined);
    // The client holds the answer against the declared status, headers and schema.
    const sendable = form
      ? new URLSearchParams(body as Record<string, string>).toString()
      : type.startsWith('image/') || type === 'application/octet-stream'
        ? bytesOf(String(body))
        : body;
    const how = {
      ...(token !== undefined && { token }),
      ...(cartToken !== undefined && { cartToken }),
      ...(keyed && { key: crypto.randomUUID() }),
      headers: { 'content-type': type },
    };
    const answer = await app.send(method, url, sendable, how);
    if (answer.status >= 300) throw new Error(`${id}: ${answer.text}`);
    sent.add(`${id} ${type}`);
    book.note(id, answer);
    if (answer.status === 201) made.add(id);
    await holdHeaders(known, answer, options);
    if (keyed) expect(tellingOf(await app.send(method, url, sendable, how))).toEqual(tellingOf(answer));
    await app.settle();
    return answer;
  }

  /** Asks an operation that takes no body, and notes its answer. */
  async function ask(
    id: string,
    ids: Ids = {},
    options: Options = { token: staff },
    query = '',
  ): Promise<Answer> {
    const known = operations.get(id);
    if (!known) throw new Error(`there is no operation ${id}`);
    const url = known.path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? `no-${name}`);
    const answer = await app.send(known.method, url + query, undefined, options);
    if (answer.status >= 300) throw new Error(`${id}: ${answer.text}`);
    book.note(id, answer);
    return answer;
  }

  /** Documents are text: a data URL stands in them for the bytes of a picture. */
  const bytesOf = (dataUrl: string): Buffer => Buffer.from(dataUrl.split(';base64,')[1] ?? '', 'base64');

  /** What a repeated request must get again. */
  const tellingOf = ({ status, text, headers }: Answer) => [
    status,
    text,
    headers.get('etag'),
    headers.get('location'),
  ];

  /** What the document promises beside the body is there, and leads to what was made. */
  async function holdHeaders(
    { operation: { operationId, responses } }: Known,
    { status, headers, body }: Answer,
    { cartToken, token = staff }: { cartToken?: string; token?: string },
  ): Promise<void> {
    const promised = Object.keys(responses[status]?.headers ?? {});
    const [etag, location] = [headers.get('etag'), headers.get('location')];
    expect([operationId, etag !== null, location !== null]).toEqual([
      operationId,
      promised.includes('ETag'),
      promised.includes('Location'),
    ]);
    // The answer to a change of a variant is the whole product; the ETag is that of the variant.
    const version = ['updateVariant', 'setComponents'].includes(operationId)
      ? body.variants[0].version
      : body?.version;
    if (etag !== null && version !== undefined) expect(etag).toBe(`"${version}"`);
    if (location === null) return;
    located.add(operationId);
    const held = cartToken ?? body.token;
    const read = await app.get(location, held ? { cartToken: held } : { token });
    expect([operationId, read.status, read.body?.id]).toEqual([operationId, 200, body.id]);
  }

  /** A customer keeps cards: one at once, one after the bank has asked, and one for a moment. */
  async function methods(): Promise<void> {
    const { token } = await given.customer(app);
    const first = (await replay('addMyPaymentMethod', { token })).body;
    const asked = (await replay('addMyPaymentMethod', { token, secrets: { token: 'sca_required' } })).body;
    await ask('confirmMyPaymentMethod', { id: asked.id }, { token });
    await ask('chooseMyPaymentMethod', { id: first.methodId }, { token });
    await ask('listMyPaymentMethods', {}, { token });
    await ask('removeMyPaymentMethod', { id: first.methodId }, { token });
  }

  /** Rules look at payments, and a person at those that they hold back. */
  async function screening(): Promise<void> {
    const thing = await goods(app);
    const pay = async (): Promise<string> => (await buy(app, [thing])).answer.body.payments[0].id;
    const rule = (await replay('createFraudRule')).body;
    await replay('updateFraudRule', { ids: { id: rule.id } });
    await ask('getFraudRule', { id: rule.id });
    await app.delete(`/v1/admin/fraud-rules/${rule.id}`, { token: staff });
    await replay('simulateFraudRules');
    const hold = { name: 'Guests', mode: 'live', outcome: 'review', conditions: { guest: true } };
    const { id } = (await app.post('/v1/admin/fraud-rules', hold, { token: staff })).body;
    const [taken, refused, open] = [await pay(), await pay(), await pay()];
    await app.delete(`/v1/admin/fraud-rules/${id}`, { token: staff });
    await ask('listPaymentReviews');
    await replay('approvePaymentReview', { ids: { paymentId: taken } });
    await replay('rejectPaymentReview', { ids: { paymentId: refused } });
    await ask('getPaymentReview', { paymentId: open });
    await ask('listPaymentScreenings', { id: taken });
  }

  /** Of a shop that holds money before it takes it, and of a bank that takes it back. */
  async function holds(): Promise<void> {
    const [shop, keeper] = [app, staff];
    app = await startApp({ PAYMENT_CAPTURE: 'manual' });
    try {
      staff = await given.admin(app);
      const thing = await goods(app);
      const held = async () => (await buy(app, [thing], { token: 'dispute' })).answer.body.payments[0].id;
      const id = await held();
      await replay('capturePayment', { ids: { id } });
      await ask('voidPayment', { id: await held() }, { token: staff, key: crypto.randomUUID() });
      app.clock.advance({ days: 4 });
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.run('billing.catch_up');
      await app.settle();
      const [dispute] = (await ask('listDisputes')).body.items;
      await ask('getDispute', { id: dispute.id });
      await books();
    } finally {
      await app.close();
      [app, staff] = [shop, keeper];
    }
  }

  /** What was held, captured and disputed, in the books of a month that is over. */
  async function books(): Promise<void> {
    const code = 'assets:provider:test:clearing';
    for (const read of ['getLedgerStatement', 'getLedgerStatementAsCsv'])
      await ask(read, { code }, { token: staff }, '?currency=EUR');
    await app.run('billing.ledger_checkpoint');
    for (const read of ['verifyLedger', 'exportLedger']) await ask(read);
    // The gateway tells of a charge that nobody here knows.
    await app.app.get(PaymentGateway).authorize({
      ...{ operationId: crypto.randomUUID(), amount: Money.of(777, 'EUR'), source: { token: 'ok' } },
      ...{ capture: 'automatic', offSession: false, challenge: 'auto', save: null, returnUrl: null },
    });
    const asked = (await replay('startReconciliation')).body;
    await app.post('/v1/admin/reconciliation/runs', {}, { token: staff });
    await app.run('billing.reconcile');
    await ask('getReconciliationRun', { id: asked.id });
    for (const list of ['listReconciliationRuns', 'listSettlementLines', 'listMoneyInLimbo']) await ask(list);
    const [unknown] = (await ask('listReconciliationCases')).body.items;
    await ask('getReconciliationCase', { id: unknown.id });
    await replay('resolveReconciliationCase', { ids: { id: unknown.id } });
    await replay('putAccountMapping');
    await ask('getAccountMapping');
    const span = '?from=2000-01-01&to=2999-12-31';
    await ask('listLedgerTransactionsAsCsv', {}, { token: staff }, span);
    await ask('exportLedgerForDatev', {}, { token: staff }, '?period=2000-01&currency=EUR');
    app.clock.advance({ days: 40 });
    const periods = (await app.get('/v1/admin/ledger/periods', { token: staff })).body.items;
    await ask('closeLedgerPeriod', { period: periods.at(-1).period });
    await ask('listLedgerPeriods');
    await ask('getDeferredRevenue');
  }

  const secretOfMail = async (): Promise<string> =>
    (await app.letters()).flatMap(({ text }) => /token=([\w-]+)/.exec(text)?.[1] ?? []).at(-1) ?? 'no letter';

  /** What becomes of an order until it has arrived, and of a plan that came to nothing. */
  async function warehouse(orderId: string): Promise<void> {
    const plan = async (): Promise<string> => {
      const how = { token: staff, key: crypto.randomUUID() };
      const planned = await app.post(`/v1/admin/orders/${orderId}/fulfilments`, { shipNow: false }, how);
      return planned.body.fulfilments.at(-1).id as string;
    };
    await replay('cancelFulfilment', { ids: { id: await plan() } });
    const id = await plan();
    for (const read of ['getPickList', 'getPickListAsCsv'])
      await ask(read, {}, { token: staff }, '?location=main');
    await replay('packFulfilment', { ids: { id } });
    await ask('getPackingSlip', { id });
    await replay('dispatchFulfilment', { ids: { id } });
    await replay('changeFulfilment', { ids: { id } });
    const told = JSON.stringify({
      events: [
        {
          ...{ id: 'evt-77', trackingNumber: '00340434161094000001', status: 'in_transit', place: 'Leipzig' },
          occurredAt: '2026-11-21T10:00:00Z',
        },
      ],
    });
    const signature = `sha256=${createHmac('sha256', CARRIER_SECRET).update(told).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'carrier-signature': signature };
    expect((await app.post('/v1/carriers/dhl/webhooks', told, { headers })).status).toBe(200);
    await app.settle();
    await replay('deliverFulfilment', { ids: { id } });
    await ask('getFulfilment', { id });
  }

  async function providers(): Promise<void> {
    const [browser, person] = [new Browser(app), { sub: 'ada' }];
    const linking = await replay('linkMyProvider', { token: customer, ids: { code: 'acme' } });
    browser.keepOfShop(linking);
    await browser.walk(linking.body.url, person);
    await ask('listMyProviders', {}, { token: customer });
    const page = await browser.walk('http://shop.test/v1/auth/oidc/acme/start', person);
    await replay('exchangeProviderCode', { secrets: { code: page.searchParams.get('code') ?? '' } });
  }

  async function secondFactors(): Promise<void> {
    const { secret } = (await ask('startTotp', {}, { token: customer })).body;
    const confirmed = await replay('confirmTotp', { token: customer, secrets: { code: shownCode(secret) } });
    customer = confirmed.body.accessToken;
    const { challenge } = (await replay('login')).body;
    // As if the half minute of the first code had gone by.
    await app.database.execute('UPDATE identity.totp_factors SET last_step = 0');
    await replay('verifySecondFactor', { secrets: { challenge, code: shownCode(secret) } });
    const key = new SoftAuthenticator('http://shop.test');
    const asked = async (path: string) =>
      (await app.post(path, undefined, { token: customer })).body.publicKey;
    const options = await asked('/v1/me/passkeys/registration/options');
    const { id } = (
      await replay('addPasskey', { token: customer, secrets: { credential: key.create(options) } })
    ).body;
    await replay('renamePasskey', { token: customer, ids: { id } });
    const mine = () => ({ token: customer });
    for (const read of ['getMyFactors', 'listMyPasskeys', 'renewRecoveryCodes', 'startPasskey'])
      await ask(read, {}, mine());
    const { publicKey } = (await ask('startPasskeySignIn', {}, {})).body;
    await replay('signInWithPasskey', { secrets: { credential: key.get(publicKey) } });
    // What comes after signs in with the password alone.
    await ask('removePasskey', { id }, mine());
    await ask('removeTotp', {}, mine());
  }

  /** Two people with an authenticator app lose it. */
  async function factorResets(): Promise<void> {
    const lost = async (who: { token: string }): Promise<string> => {
      const { secret } = (await app.post('/v1/me/mfa/totp', undefined, who)).body;
      await app.post('/v1/me/mfa/totp/confirmation', { code: shownCode(secret) }, who);
      return (await app.get('/v1/me', who)).body.id;
    };
    const id = await lost(await given.customer(app));
    await replay('askCustomerFactorReset', { ids: { id } });
    await replay('cancelFactorReset', { secrets: { token: await secretOfMail() } });
    await replay('askCustomerFactorReset', { ids: { id } });
    await ask('cancelCustomerFactorReset', { id });
    await replay('resetStaffFactors', { ids: { id: await lost(await given.staff(app, ['support'])) } });
  }

  it('of an account works from registering to a new password', async () => {
    await replay('register');
    await replay('requestEmailVerification');
    await replay('verifyEmail', { secrets: { token: await secretOfMail() } });
    ({ refreshToken } = (await replay('login')).body);
    const renewed = (await replay('refreshTokens', { secrets: { refreshToken } })).body;
    customer = renewed.accessToken;
    await replay('updateMe', { token: customer });
    await replay('stepUp', { token: customer });
    await secondFactors();
    await providers();
    await replay('changeMyPassword', { token: customer });
    await ask('getMe', {}, { token: customer });
    await ask('listMySessions', {}, { token: customer });
    const address = (await replay('createMyAddress', { token: customer })).body;
    await replay('updateMyAddress', { ids: { id: address.id }, token: customer });
    await ask('getMyAddress', { id: address.id }, { token: customer });
    await ask('listMyAddresses', {}, { token: customer });
    await replay('setMyMarketingConsent', { token: customer });
    await ask('getMyMarketingConsent', {}, { token: customer });
    await replay('logout', { secrets: { refreshToken: renewed.refreshToken } });
    await replay('forgotPassword');
    await replay('resetPassword', { secrets: { token: await secretOfMail() } });
    const { id } = (await replay('createStaff')).body;
    await ask('getStaff', { id });
    await ask('listStaffSessions', { id: (await app.get('/v1/me', { token: staff })).body.id });
    await replay('updateStaff', { ids: { id } });
    const { code } = (await replay('createRole')).body;
    await replay('updateRole', { ids: { code } });
    await ask('getRole', { code });
  });

  it('of the keys works', async () => {
    // The next one signs when it has been published for ten minutes.
    await app.database.execute(
      `UPDATE identity.signing_keys SET created_at = now() - interval '1 hour' WHERE state = 'next'`,
    );
    await replay('rotateSigningKeys');
    const { id } = (await replay('createApiKey')).body;
    await ask('getApiKey', { id });
    const { key } = (await replay('rotateApiKey', { ids: { id } })).body;
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const client = { client_id: id, client_secret: key };
      const { access_token: token } = (await replay('issueToken', { secrets: client, type })).body;
      const asked = await replay('introspectToken', { secrets: { ...client, token }, type });
      expect(asked.body).toMatchObject({ active: true, client_id: id });
      await replay('revokeToken', { secrets: { ...client, token }, type });
    }
  });

  it('of customers works as staff keep them', async () => {
    const group = (await replay('createCustomerGroup')).body;
    await replay('updateCustomerGroup', { ids: { id: group.id } });
    await ask('getCustomerGroup', { id: group.id });
    const { id } = (await replay('createCustomer')).body;
    await replay('updateCustomer', { ids: { id } });
    const exemption = (await replay('createTaxExemption', { ids: { customerId: id } })).body;
    await replay('updateTaxExemption', { ids: { id: exemption.id } });
    await ask('getTaxExemption', { id: exemption.id });
    const { token } = await given.customer(app);
    await replay('changeMyEmail', { token });
    await replay('confirmMyEmail', { secrets: { token: await secretOfMail() }, token });
    await ask('listCustomerSessions', { id: (await app.get('/v1/me', { token })).body.id });
    await replay('impersonateCustomer', { ids: { id } });
    await ask('endImpersonation', { id });
    const [ada] = (await ask('listCustomers', {}, { token: staff }, '?q=ada@')).body.items;
    const { withdrawalUrl } = (await ask('getCustomer', { id: ada.id })).body.marketingConsent;
    const secret = new URL(withdrawalUrl).searchParams.get('token') ?? '';
    await replay('withdrawMarketingConsent', { secrets: { token: secret } });
    await factorResets();
  });

  it('of personal data works, from a copy of it to its end', async () => {
    const { token } = await given.customer(app);
    const { id: mine } = (await ask('exportMyData', {}, { token })).body;
    await ask('getMyExport', { id: mine }, { token });
    await ask('listMyExports', {}, { token });
    const { id } = (await app.get('/v1/me', { token })).body;
    await ask('exportCustomerData', { id });
    await ask('listCustomerExports', { id });
    const guest = (await replay('exportDataOfAddress')).body;
    await ask('getExportOfAddress', { id: guest.id });
    await app.run('identity.run_exports');
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === 'guest@example.test');
    await ask('downloadExport', { token: /exports\/([\w-]+)/.exec(letter?.text ?? '')?.[1] ?? '' }, {});
    await ask('closeMyAccount', {}, { token });
    await ask('cancelCustomerErasure', { id });
    await replay('eraseCustomer', { ids: { id } });
    await ask('getCustomerErasure', { id });
    const erasure = (await replay('eraseDataOfAddress')).body;
    await ask('getErasure', { id: erasure.id });
    await ask('cancelErasure', { id: erasure.id });
  });

  /** One of each type; the id of the last. */
  async function pictures(): Promise<string> {
    let id = '';
    for (const type of ['jpeg', 'png', 'webp', 'gif', 'avif']) {
      ({ id } = (await replay('uploadMedia', { type: `image/${type}` })).body);
      expect(await replay('uploadMedia', { type: `image/${type}` })).toMatchObject({
        status: 200,
        body: { id },
      });
    }
    expect((await ask('getMedia', { id })).body.state).toBe('ready');
    await replay('updateMedia', { ids: { id } });
    await app.database.execute(`UPDATE catalog.media SET state = 'failed' WHERE id = $1`, [id]);
    await ask('retryMedia', { id });
    await app.settle();
    return id;
  }

  async function bundles(): Promise<void> {
    const [id, ...parts] = await Promise.all(
      [1, 2, 3].map(async () => (await given.product(app, staff)).variants[0].id),
    );
    const components = parts.map((variantId, index) => ({ variantId, quantity: index + 1 }));
    await replay('setComponents', { ids: { id: id ?? '' }, secrets: { components } });
  }

  /** A file that is sold, and what its buyer sees of it. */
  async function downloads(): Promise<void> {
    const sku = 'WEAVING-EPUB';
    const prices = [{ amount: 1900, currency: 'EUR' }];
    const product = await given.product(app, staff, {
      title: 'The weaving book',
      variants: [{ sku, kind: 'digital', prices }],
    });
    const { id: variantId } = product.variants[0];
    const type = 'application/octet-stream';
    const query = '?name=the-weaving-book.epub&contentType=application/epub%2Bzip';
    await replay('uploadDigitalFile', { ids: { id: variantId }, type, query });
    await ask('listDigitalFiles', { id: variantId });
    const cart = (await app.post('/v1/carts', { currency: 'EUR', lines: [{ variantId, quantity: 1 }] })).body;
    const held = { cartToken: cart.token as string };
    const order = await app.post(
      `/v1/carts/${cart.id}/checkout`,
      { payment: { gateway: 'test', token: 'ok' }, email: 'ada@example.test' },
      { ...held, key: crypto.randomUUID() },
    );
    const [file] = (await ask('listOrderDownloads', { id: order.body.id }, held)).body.items;
    await ask('downloadFile', { token: file.url.split('/').at(-1) }, {});
  }

  /** One that is given away, and what who got it asks about it. */
  async function promotions(variantId: string): Promise<void> {
    const { id } = (await replay('createPromotion')).body;
    const codeId = (await replay('createPromotionCode', { ids: { id } })).body.id;
    const lines = [{ variantId, quantity: 4 }];
    const cart = (await app.post('/v1/carts', { currency: 'EUR', email: 'ada@example.test', lines })).body;
    const named = await app.patch(
      `/v1/carts/${cart.id}`,
      { promotionCodes: ['summer10'] },
      { cartToken: cart.token },
    );
    expect(named.body.promotions).toHaveLength(1);
    expect((await checkOut(app, cart)).status).toBe(201);
    for (const read of ['getPromotion', 'listPromotionCodes', 'downloadPromotionCodes', 'listRedemptions'])
      await ask(read, { id });
    await replay('generatePromotionCodes', { ids: { id } });
    await replay('updatePromotionCode', { ids: { id, codeId } });
    await replay('updatePromotion', { ids: { id } });
    await replay('updatePromotionGroup', { ids: { group: 'product' } });
    await replay('simulatePromotion');
    await ask('archivePromotion', { id });
    await replay('createPromotion');
  }

  async function giftCards(): Promise<void> {
    const { id, recipientEmail } = (await replay('issueGiftCard')).body;
    await app.settle();
    const letter = (await app.letters()).findLast(
      ({ to, subject }) => to === recipientEmail && subject.startsWith('A gift card'),
    );
    const code = /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0];
    await replay('getGiftCardBalance', { secrets: { code } });
    await ask('getGiftCard', { id });
    await replay('cancelGiftCard', { ids: { id } });
  }

  /** Given by staff, put right, and read by both. */
  async function storeCredit(): Promise<void> {
    const { token } = await given.customer(app);
    const customerId = (await app.get('/v1/me', { token })).body.id as string;
    const { id } = (await replay('issueStoreCredit', { ids: { customerId } })).body;
    await replay('adjustStoreCredit', { ids: { id } });
    await ask('getStoreCredit', { id });
    await ask('listStoreCreditEntries', { id });
    await ask('getMyStoreCredit', {}, { token });
  }

  /** A plan from its first terms to its end, and what somebody and then staff do with a subscription. */
  async function subscriptions(): Promise<void> {
    const planId = (await replay('createPlan')).body.id as string;
    await replay('updatePlan', { ids: { id: planId } });
    await replay('addPlanVersion', { ids: { id: planId } });
    await ask('getPlan', { id: planId });
    await ask('listOfferedPlans', {}, {});
    const { token } = await given.customer(app);
    const keyed = () => ({ token, key: crypto.randomUUID() });
    const kept = async (card: string): Promise<string> =>
      (await app.post('/v1/me/payment-methods', { gateway: 'test', token: card, makeDefault: true }, keyed()))
        .body.methodId;
    const poor = await kept('attach_ok_charge_fails');
    const customerId = (await app.get('/v1/me', { token })).body.id;
    await replay('createSubscription', { ids: { planId, customerId } });
    const { id } = (await replay('createMySubscription', { token, ids: { planId } })).body;
    await replay('payMySubscription', { token, ids: { id, paymentMethodId: poor } });
    const paymentMethodId = await kept('ok');
    await replay('payMySubscription', { token, ids: { id, paymentMethodId } });
    await replay('createMySubscription', { token, ids: { planId } });
    await replay('updateMySubscription', { token, ids: { id, paymentMethodId } });
    for (const read of ['getMySubscription', 'listMySubscriptions', 'previewMyNextInvoice'])
      await ask(read, { id }, { token });
    const change = async (which: 'MySubscription' | 'Subscription', who: string, quantity: number) => {
      const path = `/v1/${which === 'Subscription' ? 'admin' : 'me'}/subscriptions/${id}/changes`;
      const { quote } = (await replay(`preview${which}Change`, { token: who, ids: { id, planId } })).body;
      await replay(`change${which}`, { token: who, ids: { id }, secrets: { quote } });
      await app.run('billing.collect');
      await app.settle();
      const later = { quantity, behaviour: 'at_period_end' };
      const waiting = (await app.post(`${path}/preview`, later, { token: who })).body;
      await app.post(path, { quote: waiting.quote }, { token: who, key: crypto.randomUUID() });
    };
    await change('MySubscription', token, 5);
    await ask('dropMyScheduledChange', { id }, { token });
    await replay('cancelMySubscription', { token, ids: { id } });
    await ask('keepMySubscription', { id }, { token });
    for (const step of ['pauseMySubscription', 'resumeMySubscription']) await ask(step, { id }, keyed());
    for (const read of ['listSubscriptions', 'getSubscription', 'previewNextInvoice'])
      await ask(read, { id });
    const fewer = (
      await app.post(`/v1/admin/subscriptions/${id}/changes/preview`, { quantity: 1 }, { token: staff })
    ).body;
    const asStaff = () => ({ token: staff, key: crypto.randomUUID() });
    await app.post(`/v1/admin/subscriptions/${id}/changes`, { quote: fewer.quote }, asStaff());
    await change('Subscription', staff, 7);
    await ask('dropScheduledChange', { id });
    await replay('cancelSubscription', { ids: { id } });
    await ask('keepSubscription', { id });
    await app.settle();
    for (const step of ['pauseSubscription', 'resumeSubscription']) await ask(step, { id }, asStaff());
    await app.database.execute(
      `UPDATE billing.subscriptions SET parked_reason = '14 periods were not billed'`,
    );
    await replay('releaseSubscription', { ids: { id } });
    await replay('createSubscription', { ids: { planId, customerId } });
    await baskets(token);
    await ask('listPlans');
    await ask('archivePlan', { id: planId });
  }

  /** What somebody uses of a plan, and a coupon from its making to its end. */
  async function metered(): Promise<void> {
    const couponId = (await replay('createCoupon')).body.id as string;
    await replay('updateCoupon', { ids: { id: couponId } });
    const tiers = [{ price: { amount: 10, currency: 'EUR' } }];
    const component = { code: 'api_calls', title: 'API calls', aggregation: 'sum', mode: 'graduated', tiers };
    const terms = {
      ...{ interval: { unit: 'month', count: 1 }, prices: [{ amount: { amount: 1000, currency: 'EUR' } }] },
      taxes: [{ countries: ['*'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' }],
      components: [component],
    };
    const made = await app.post(
      '/v1/admin/plans',
      { code: 'metered', title: 'Metered', terms },
      { token: staff },
    );
    const { token } = await given.customer(app);
    const keyed = () => ({ token, key: crypto.randomUUID() });
    await app.post('/v1/me/payment-methods', { gateway: 'test', token: 'ok' }, keyed());
    const wanted = { planId: made.body.id, currency: 'EUR', billingAddress: berlin };
    const { id } = (await app.post('/v1/me/subscriptions', wanted, keyed())).body;
    await app.settle();
    await replay('giveSubscriptionCoupon', { ids: { id } });
    await ask('getSubscriptionCoupon', { id });
    await ask('removeSubscriptionCoupon', { id });
    await replay('takeCoupon', { token, ids: { id } });
    await ask('getMySubscriptionCoupon', { id }, { token });
    await ask('dropCoupon', { id }, { token });
    await ask('listCouponRedemptions', { id: couponId });
    for (const read of ['getCoupon', 'listCoupons']) await ask(read, { id: couponId });
    await ask('archiveCoupon', { id: couponId });
    await replay('recordUsage', { ids: { id }, secrets: { at: app.clock.now().toISOString() } });
    for (const read of ['listUsageEvents', 'listUsage']) await ask(read, { id });
    await ask('listMyUsage', { id }, { token });
  }

  /** Of a bought lamp, paid, and of two that nobody pays. */
  async function invoices(): Promise<void> {
    await replay('putSellerProfile');
    await subscriptions();
    await metered();
    const { token, email } = await given.customer(app);
    const { answer } = await buy(app, [await goods(app)], { by: token, body: { email } });
    await app.settle();
    const of = answer.body.id as string;
    const [{ id }] = (await ask('listInvoices', {}, { token: staff }, `?orderId=${of}`)).body.items;
    for (const read of ['getInvoice', 'explainInvoice']) await ask(read, { id });
    await ask('listMyInvoices', {}, { token });
    await ask('getMyInvoice', { id }, { token });
    const note = (await replay('createCreditNote', { ids: { id } })).body;
    await ask('getCreditNote', { id: note.id });
    await ask('listOrderInvoices', { id: of }, { token });
    await ask('getInvoiceDocument', { id });
    await ask('getCreditNoteDocument', { id: note.id });
    await ask('getMyInvoiceDocument', { id }, { token });
    await ask('getMyCreditNoteDocument', { id: note.id }, { token });
    await ask('getOrderInvoiceDocument', { id: of, documentId: id }, { token });
    await ask('getOrderCreditNoteDocument', { id: of, documentId: note.id }, { token });
    for (const end of ['voidInvoice', 'writeOffInvoice']) {
      const made = await app.database.transaction(() => app.app.get(Invoices).finalize(planInvoice(11_900)));
      await replay(end, { ids: { id: made.invoiceId } });
    }
    const owed = await app.database.transaction(() => app.app.get(Invoices).finalize(planInvoice(11_900)));
    await replay('receiveInvoicePayment', { ids: { id: owed.invoiceId } });
  }

  /** Goods that are sent each period, for less. */
  async function baskets(token: string): Promise<void> {
    const tax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT' };
    const terms = {
      ...{ interval: { unit: 'month', count: 1 }, pricesIncludeTax: true },
      ...{ prices: [{ amount: { amount: 0, currency: 'EUR' } }], taxes: [tax] },
    };
    const box = { code: 'box', title: 'Box', kind: 'goods', terms };
    const keyed = (who: string) => ({ token: who, key: crypto.randomUUID() });
    const { id: planId } = (await app.post('/v1/admin/plans', box, keyed(staff))).body;
    await replay('putBasketDiscount', { ids: { id: planId } });
    await ask('getBasketDiscount', { id: planId });
    const wish = { planId, currency: 'EUR', billingAddress: berlin };
    const { id } = (await app.post('/v1/me/subscriptions', wish, keyed(token))).body;
    const { variantId } = await goods(app);
    await replay('putMySubscriptionBasket', { token, ids: { id, variantId } });
    await ask('getMySubscriptionBasket', { id }, { token });
  }

  /** An invoice that could not be collected: tried by hand, and paid by a link. */
  async function dunning(): Promise<void> {
    const { id } = (await replay('createDunningPolicy')).body;
    await replay('updateDunningPolicy', { ids: { id } });
    await replay('simulateDunningPolicy', { ids: { id } });
    await ask('getDunningPolicy', { id });
    const { token } = await given.customer(app);
    const { id: customerId } = (await app.get('/v1/me', { token })).body;
    const card = { gateway: 'test', token: 'attach_ok_charge_fails' };
    const kept = await app.post('/v1/me/payment-methods', card, { token, key: crypto.randomUUID() });
    expect(kept.status).toBe(201);
    const invoiceId = await app.database.transaction(async () => {
      const made = await app.app.get(Invoices).finalize(planInvoice(1_900));
      const collection = { invoiceId: made.invoiceId, subscriptionId: null, customerId, methodId: null };
      await app.app.get(Collections).start(collection);
      return made.invoiceId;
    });
    await app.run('billing.collect');
    await app.settle();
    const keyed = () => ({ token: staff, key: crypto.randomUUID() });
    await ask('tryInvoiceCollection', { invoiceId }, keyed());
    await ask('getInvoiceCollection', { invoiceId });
    await ask('listInvoiceCollections', {}, { token: staff }, `?customerId=${customerId}`);
    const { url } = (await ask('createInvoiceLink', { invoiceId }, keyed())).body;
    const linkToken = new URL(url).searchParams.get('token') ?? '';
    await replay('viewInvoiceLink', { linkToken });
    await replay('payInvoiceByLink', { linkToken, secrets: { token: 'sca_required' } });
    await replay('confirmInvoicePayment', { linkToken });
    await replay('payInvoiceByLink', { linkToken });
  }

  async function collections(productId: string): Promise<void> {
    const { id } = (await replay('createCollection')).body;
    await replay('updateCollection', { ids: { id } });
    await replay('previewCollection');
    await ask('getAdminCollection', { id });
    await translate('Collection', id);
    const manual = { handle: 'picked', title: 'Picked', kind: 'manual', status: 'published' };
    const picked = (await app.post('/v1/admin/collections', manual, { token: staff })).body.id as string;
    await replay('setCollectionProducts', { ids: { id: picked, 0: productId } });
    await replay('addCollectionProduct', { ids: { id: picked, productId } });
    await ask('listCollectionProducts', { id: picked });
    await ask('getCollection', { idOrHandle: 'picked' }, {});
  }

  async function searchTools(productId: string): Promise<void> {
    const synonym = (await replay('createSynonym')).body.id;
    await replay('updateSynonym', { ids: { id: synonym } });
    await ask('getSynonym', { id: synonym });
    const pin = (await replay('createSearchPin', { ids: { 0: productId } })).body.id;
    await replay('updateSearchPin', { ids: { id: pin } });
    await ask('getSearchPin', { id: pin });
    await ask('suggestProducts', {}, {}, '?q=tot');
    await ask('listProducts', {}, {}, '?q=garden+chair');
    for (const list of ['listSearchQueries', 'listSynonyms', 'listSearchPins']) await ask(list);
    await ask('deleteSynonym', { id: synonym });
    await ask('deleteSearchPin', { id: pin });
  }

  /** Translates a thing into the language of the example. */
  async function translate(noun: string, id: string): Promise<void> {
    const ids = { id, locale: 'de-AT' };
    await replay(`set${noun}Translation`, { ids });
    await ask(`get${noun}Translation`, ids);
  }

  /** A buyer says what she thinks, the shop publishes and answers it; something is like what she has looked at. */
  async function opinions(product: { id: string; handle: string }, token: string): Promise<void> {
    const about = { idOrHandle: product.handle, productId: product.id };
    const { id } = (await replay('writeReview', { ids: about, token })).body;
    await replay('updateMyReview', { ids: { id }, token });
    await replay('decideReview', { ids: { id } });
    await replay('replyToReview', { ids: { id } });
    await ask('getReview', { id });
    for (const read of ['getMyReview', 'listMyReviews']) await ask(read, { id }, { token });
    await ask('listProductReviews', about, {});
    await ask('addRecentlyViewed', about, { token });
    await ask('listRecentlyViewed', {}, { token });
    const alike = { title: 'Linen tote, small', status: 'published', variants: [{ sku: 'TOTE-SMALL' }] };
    expect((await app.post('/v1/admin/products', alike, { token: staff })).status).toBe(201);
    expect((await ask('listRecommendations', about, {})).body.items).not.toEqual([]);
  }

  async function files(): Promise<void> {
    const run = (await ask('startIntegrityRun')).body;
    await ask('getIntegrityRun', { id: run.id });
    const { id } = (await replay('startExport')).body;
    for (const read of ['getExport', 'watchExport', 'downloadExportFile']) await ask(read, { id });
    const feed = (await replay('createFeed')).body;
    const { url } = (await ask('rotateFeedToken', { id: feed.id })).body;
    await ask('getMerchantFeed', { token: new URL(url).pathname.split('/').at(-1) ?? '' }, {});
    await ask('listFeeds');
    await ask('deleteFeed', { id: feed.id });
  }

  /** The example shows what would change; here it does, and is read. */
  async function confirmPrices(intoPriceListId: string, fingerprint: string): Promise<void> {
    const { operation } = operations.get('changePrices') ?? {};
    const example = operation?.requestBody?.content['application/json']?.example as object;
    const confirmed = { ...example, intoPriceListId, dryRun: false, fingerprint };
    const { status, body } = await app.post('/v1/admin/prices/changes', confirmed, { token: staff });
    expect([status, body.state]).toEqual([200, 'finished']);
    await ask('getPriceChange', { id: body.id });
  }

  /** Of something that is sold out, which somebody waits for and nobody finds. */
  async function noticesAndStocktakes(): Promise<void> {
    const variant = { sku: 'TOTE-SOLD-OUT', title: 'Moss', prices: [{ amount: 2900, currency: 'EUR' }] };
    const { token } = await given.customer(app);
    const soldOut = await given.product(app, staff, { title: 'Linen tote, moss', variants: [variant] });
    const id = soldOut.variants[0].id;
    await replay('askForStockNotice', { ids: { id }, token });
    await ask('countStockNotices');
    const [mine] = (await ask('listMyStockNotices', {}, { token })).body.items;
    await ask('cancelMyStockNotice', { id: mine.id }, { token });
    await replay('cancelStockNotice', { secrets: { token: 'x'.repeat(43) } });
    const stocktake = { id: (await replay('startStocktake')).body.id };
    await replay('countStock', { ids: stocktake });
    await ask('reviewStocktake', stocktake, { token: staff }, '?show=differing');
    await ask('confirmStocktake', stocktake);
    await ask('getStocktake', stocktake);
    await ask('listStocktakes');
    await ask('cancelStocktake', { id: (await replay('startStocktake')).body.id });
  }

  it('of a catalog, a cart, an order and its money works in that order', async () => {
    const category = (await replay('createCategory')).body;
    await replay('updateCategory', { ids: { id: category.id } });
    const location = (await replay('createLocation')).body;
    await replay('createTaxClass');
    const { id: typeId } = (await replay('createProductType')).body;
    await replay('updateProductType', { ids: { id: typeId } });
    await ask('getProductType', { id: typeId });
    await ask('listProductTypes');
    await translate('ProductType', typeId);
    await replay('updateLocation', { ids: { id: location.id } });
    const mediaId = await pictures();
    const product = (await replay('createProduct')).body;
    await replay('updateProduct', { ids: { id: product.id } });
    await replay('setProductDraft', { ids: { id: product.id } });
    await ask('getProductDraft', { id: product.id });
    await replay('publishProductDraft', { ids: { id: product.id } });
    await ask('getPicture', { id: mediaId, rendition: '160.webp' }, {});
    const variantId: string = product.variants[0].id;
    await replay('addVariant', { ids: { id: product.id } });
    await replay('updateVariant', { ids: { id: variantId } });
    await translate('Product', product.id);
    await translate('Category', category.id);
    await bundles();
    await downloads();
    await giftCards();
    await storeCredit();
    await invoices();
    await dunning();
    await collections(product.id);
    await searchTools(product.id);
    const priceListId = (await replay('createPriceList')).body.id;
    await replay('updatePriceList', { ids: { id: priceListId } });
    await replay('setPrices', { ids: { variantId, priceListId } });
    await ask('getPriceList', { id: priceListId });
    const { fingerprint } = (await replay('changePrices', { ids: { intoPriceListId: priceListId } })).body;
    await confirmPrices(priceListId, fingerprint);
    await ask('listPricesOfPriceList', { id: priceListId });
    await replay('moveStock', { ids: { variantId } });
    await replay('setSellingTerms', { ids: { id: variantId } });
    await ask('getSellingTerms', { id: variantId });
    await noticesAndStocktakes();
    await replay('updateTaxSettings');
    for (const zone of ['TaxZone', 'ShippingZone', 'PickupPoint']) {
      const { id } = (await replay(`create${zone}`)).body;
      await replay(`update${zone}`, { ids: { id } });
      await ask(`get${zone}`, { id });
    }
    await replay('updateShippingCalendar');
    await promotions(variantId);
    for (const type of ['application/x-ndjson', 'text/csv']) {
      const { id } = (await replay('startImport', { type })).body;
      const faults = await ask('listImportErrors', { id });
      expect(faults.body.items).toEqual([]);
      expect((await ask('getImport', { id })).body).toMatchObject({
        state: 'finished',
        counts: { created: 1, rejected: 0 },
      });
      for (const read of ['watchImport', 'downloadImportResults']) await ask(read, { id });
    }
    await replay('batchProducts', { ids: { id: product.id } });
    for (const kind of ['Prices', 'Stock']) await replay(`batch${kind}`, { ids: { variantId } });
    await files();

    const buy = async (paying?: string) => {
      const cart = (await replay('createCart', { ids: { variantId } })).body;
      const held = { ids: { id: cart.id }, cartToken: cart.token };
      await replay('addCartLine', { ...held, ids: { id: cart.id, variantId } });
      await replay('updateCartLine', { ...held, ids: { id: cart.id, lineId: cart.lines[0].id } });
      await replay('updateCart', held);
      const order = (await replay('placeOrder', { ...held, ...(paying && { secrets: { token: paying } }) }))
        .body;
      return { order, cartToken: cart.token as string };
    };
    const { order, cartToken: orderToken } = await buy();
    await replay('fulfilOrder', { ids: { id: order.id, lineId: order.lines[0].id } });
    await warehouse((await buy()).order.id);
    const refund = (await replay('refundPayment', { ids: { id: order.payments[0].id } })).body;
    const changed = await buy();
    await replay('fulfilOrder', { ids: { id: changed.order.id, lineId: changed.order.lines[0].id } });
    await changes(changed.order, changed.cartToken, variantId);
    await returns(changed.order, changed.cartToken);
    await desk(order);
    await drafts();
    await methods();
    await holds();
    await replay('receiveOrderPayment', { ids: { id: order.id } });
    // A payment waits for a person when the gateway took another amount than was asked for.
    const strange = await buy('amount_mismatch');
    await replay('reviewPayment', { ids: { id: strange.order.payments[0].id } });
    await screening();
    await app.database.execute(
      `INSERT INTO billing.gateway_events (gateway, event_id, type, object_ref, object_version, digest, created_at, received_at, status)
       VALUES ('test', 'evt_odd', 'charge.captured', 'ch_odd', 1, 'x', now(), now(), 'orphan')`,
    );
    await replay('dismissGatewayEvent', { ids: { code: 'test', eventId: 'evt_odd' } });
    const other = await buy();
    await replay('cancelOrder', { ids: { id: other.order.id }, cartToken: other.cartToken });
    const challenged = await buy('sca_required');
    const { cartToken } = challenged;
    await ask('confirmPayment', { id: challenged.order.payments[0].id }, { cartToken });
    await ask('getPayment', { id: challenged.order.payments[0].id }, { cartToken });
    await ask('getOrder', { id: order.id });
    await ask('getOrderAsStaff', { id: order.id });
    await ask('getOrderCalculation', { id: order.id });
    await ask('getPaymentDetail', { id: order.payments[0].id });
    await ask('getRefund', { id: refund.id });
    await ask('getAdminProduct', { id: product.id });
    await ask('getProduct', { idOrHandle: product.handle }, {});
    const shown = (await app.get('/v1/products')).body.items as { id: string }[];
    const beside = shown.find(({ id }) => id !== product.id)?.id;
    await app.patch(`/v1/admin/products/${product.id}`, { related: [beside] }, { token: staff });
    await ask('listRelatedProducts', { idOrHandle: product.handle }, {});
    await ask('getCategory', { idOrHandle: category.id }, {});
    await ask('listPrices', {}, { token: staff }, `?variantId=${variantId}`);
    const [row] = (await ask('listStock', {}, { token: staff }, `?variantId=${variantId}`)).body.items;
    await ask('listMovements', { id: row.id });

    const ada = { email: 'ada@example.test', password: 'four other random words' };
    const token: string = (await app.post('/v1/auth/login', ada)).body.accessToken;
    const hers = (await replay('createCart', { ids: { variantId }, token })).body;
    const own = (await replay('placeOrder', { ids: { id: hers.id }, token })).body;
    await ask('listMyOrders', {}, { token });
    await replay('fulfilOrder', { ids: { id: own.id, lineId: own.lines[0].id } });
    await replay('askForReturn', { ids: { id: own.id, lineId: own.lines[0].id }, token });
    await ask('listMyReturns', {}, { token });

    await opinions(product, token);

    const cart = (await replay('createCart', { ids: { variantId } })).body;
    const held = { cartToken: cart.token as string };
    const ids = { id: cart.id, lineId: cart.lines[0].id };
    await ask('getCartReadiness', ids, held);
    await replay('updateCart', { ids, ...held });
    for (const id of [
      'getCart',
      'listCartShippingOptions',
      'listCartPickupPoints',
      'explainCart',
      'removeCartLine',
    ])
      await ask(id, ids, held);
    await carts(variantId, token, { id: order.id, cartToken: orderToken });
  });

  interface Bought {
    id: string;
    number: string;
    email: string;
    lines: [{ id: string }];
  }

  /** What is taken off and added later, and paid. */
  async function changes({ id, lines: [line] }: Bought, cartToken: string, variantId: string): Promise<void> {
    const path = `/v1/admin/orders/${id}/changes`;
    const confirm = async (changeId: string, again = false) => {
      const { difference } = (await app.get(`${path}/${changeId}/preview`, { token: staff })).body;
      if (again) {
        const how = { token: staff, key: crypto.randomUUID() };
        return app.post(`${path}/${changeId}/confirmation`, { expectedDifference: difference }, how);
      }
      return replay('confirmOrderChange', {
        ids: { id, changeId },
        secrets: { expectedDifference: difference },
      });
    };
    const draft = async () =>
      (await replay('draftOrderChange', { ids: { id, lineId: line.id } })).body.id as string;
    const first = await draft();
    await ask('discardOrderChange', { id, changeId: first });
    const second = await draft();
    await replay('updateOrderChange', { ids: { id, changeId: second } });
    await ask('previewOrderChange', { id, changeId: second });
    await confirm(second);
    await app.settle();
    await ask('getOrderChange', { id, changeId: second });
    await ask('listOrderChanges', { id });
    const add = { kind: 'edit', add: [{ variantId, quantity: 1 }] };
    for (const paying of ['ok', 'sca_required']) {
      const { id: changeId } = (await app.post(path, add, { token: staff })).body;
      await confirm(changeId, true);
      await replay('payOrder', { ids: { id }, cartToken, secrets: { token: paying } });
      if (paying === 'ok') continue;
      await ask('withdrawOrderChange', { id, changeId }, { token: staff, key: crypto.randomUUID() });
      await app.settle();
    }
  }

  /** Written by staff, placed, and paid by a link after the bank had asked. */
  async function drafts(): Promise<void> {
    const variantId = (await given.product(app, staff)).variants[0].id;
    const made = async () => (await replay('createDraftOrder', { ids: { variantId } })).body.id as string;
    await ask('deleteDraftOrder', { id: await made() });
    const id = await made();
    const to = { shippingAddress: berlin };
    expect((await app.patch(`/v1/admin/draft-orders/${id}`, to, { token: staff })).status).toBe(200);
    await replay('updateDraftOrder', { ids: { id } });
    const { quote } = (await ask('getDraftOrder', { id })).body;
    await ask('listDraftOrders');
    const secrets = { expectedTotal: quote.totals.total };
    const placed = (await replay('placeDraftOrder', { ids: { id }, secrets })).body;
    const { url } = (await replay('createPaymentLink', { ids: { id: placed.orderId } })).body;
    const linkToken = new URL(url).searchParams.get('token') ?? '';
    await replay('viewPaymentLink', { linkToken });
    await replay('payByLink', { linkToken, secrets: { token: 'sca_required' } });
    await replay('confirmLinkPayment', { linkToken });
    await replay('payByLink', { linkToken });
  }

  /** One piece: given up, declined, and in the end sent back. */
  async function returns({ id, lines: [line] }: Bought, cartToken: string): Promise<void> {
    const asked = async () =>
      (await replay('askForReturn', { ids: { id, lineId: line.id }, cartToken })).body.id as string;
    await ask('cancelReturn', { id: await asked() }, { cartToken });
    await replay('declineReturn', { ids: { id: await asked() } });
    const back = await asked();
    await ask('getReturn', { id: back }, { cartToken });
    await ask('listReturnsOfOrder', { id }, { cartToken });
    for (const operation of ['approveReturn', 'setReturnLabel'])
      await replay(operation, { ids: { id: back } });
    await replay('receiveReturn', { ids: { id: back, lineId: line.id } });
    await replay('putReturnSettings');
  }

  /** What staff do with an order that is nobody's business but theirs, and how its guest finds it. */
  async function desk({ id, number, email }: Bought): Promise<void> {
    await replay('holdOrder', { ids: { id } });
    await ask('releaseOrder', { id });
    await replay('tagOrder', { ids: { id } });
    await replay('addOrderNote', { ids: { id } });
    await ask('listOrderNotes', { id });
    await ask('rebuildReports');
    const { lookupId } = (await replay('lookUpOrder', { secrets: { number, email } })).body;
    const letter = (await app.letters()).findLast(
      ({ subject }) => subject === `Your code for order ${number}`,
    );
    const code = /^\d{6}$/m.exec(letter?.text ?? '')?.[0] ?? '';
    await replay('verifyOrderLookup', { ids: { lookupId }, secrets: { code } });
  }

  /** What becomes of carts: taken along, put aside, shown, filled again, reminded of. */
  async function carts(variantId: string, token: string, order: { id: string; cartToken: string }) {
    for (const status of [201, 200])
      expect((await replay('createCart', { ids: { variantId }, token })).status).toBe(status);
    await ask('getMyCart', {}, { token }, '?currency=EUR');
    const guest = (await replay('createCart', { ids: { variantId } })).body;
    await replay('mergeMyCart', { token, secrets: { cartId: guest.id, token: guest.token } });
    const cart = (await replay('createCart', { ids: { variantId } })).body;
    const [id, held] = [cart.id as string, { cartToken: cart.token as string }];
    const shared = (await replay('shareCart', { ids: { id }, ...held })).body;
    await ask('listCartShares', { id }, held);
    for (const one of ['getSharedCart', 'copySharedCart'])
      await replay(one, { secrets: { token: shared.token } });
    await ask('revokeCartShare', { id, shareId: shared.id }, held);
    await ask('saveCartLine', { id, lineId: cart.lines[0].id }, held);
    const [saved] = (await ask('listSavedLines', { id }, held)).body.items;
    const [line] = (await ask('takeBackSavedLine', { id, savedId: saved.id }, held)).body.lines;
    await ask('saveCartLine', { id, lineId: line.id }, held);
    const [again] = (await ask('listSavedLines', { id }, held)).body.items;
    await ask('removeSavedLine', { id, savedId: again.id }, held);
    await ask('reorder', { id: order.id }, { cartToken: order.cartToken });
    await app.post(`/v1/carts/${id}/lines`, { variantId, quantity: 1 }, held);
    await app.patch(`/v1/carts/${id}`, { email: 'left@example.test', remindMe: true }, held);
    await app.database.execute(
      `UPDATE ordering.carts SET updated_at = updated_at - interval '5 hours' WHERE id = $1`,
      [id],
    );
    await app.run('ordering.remind_of_carts');
    await app.settle();
    const stop = (await app.letters()).flatMap(({ text }) => /stop=([\w.-]+)/.exec(text)?.[1] ?? []).at(-1);
    await replay('stopCartReminders', { secrets: { token: stop } });
  }

  it('of every list leads on to its next page', async () => {
    const lists = [...operations.values()].filter(({ operation }) =>
      operation.parameters?.some(({ name }) => name === 'cursor'),
    );
    expect(lists.length).toBeGreaterThan(10);
    const turned: string[] = [];
    for (const { path, operation } of lists) {
      if (path.includes('{') || operation.operationId === 'listPrices') continue;
      const token = path.startsWith('/v1/admin') ? staff : path.startsWith('/v1/me') ? customer : undefined;
      const { body, headers, status } = await app.get(
        `${path}?limit=1`,
        token === undefined ? {} : { token },
      );
      if (status === 401) continue;
      const link = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
      expect([operation.operationId, link !== null]).toEqual([
        operation.operationId,
        body.nextCursor !== null,
      ]);
      if (link === null) continue;
      const next = await app.get(link, token === undefined ? {} : { token });
      expect(next.status).toBe(200);
      expect(next.body.items).not.toEqual(body.items);
      turned.push(operation.operationId);
    }
    expect(turned).toEqual(
      expect.arrayContaining([
        'listProducts',
        'listOrders',
        'listPayments',
        'listImports',
        'listStock',
        'listStaff',
      ]),
    );
  });

  it('of everything that is made and can be read says where', () => {
    // An answer of theirs is the whole that they add to, or there is nothing but a list to read it in.
    const elsewhere = [
      'addCartLine',
      'addMyPaymentMethod',
      'addOrderNote',
      'addPasskey',
      'addPlanVersion',
      'addVariant',
      'adjustStoreCredit',
      'cancelGiftCard',
      'cancelOrder',
      'copySharedCart',
      'createApiKey',
      'createFeed',
      'createLocation',
      'createPaymentLink',
      'createPromotionCode',
      'createRole',
      'createStaff',
      'createTaxClass',
      'fulfilOrder',
      'generatePromotionCodes',
      'payByLink',
      'payInvoiceByLink',
      'payOrder',
      'placeDraftOrder',
      'receiveInvoicePayment',
      'receiveOrderPayment',
      'shareCart',
      'uploadDigitalFile',
    ];
    expect([...made].filter((id) => !located.has(id)).sort()).toEqual(elsewhere);
    expect(located).toContain('startImport');
  });

  it('of every answer is there to be recorded', async () => {
    // By then carts are left behind, and all is counted.
    app.clock.advance({ hours: 6 });
    await app.run('ordering.rebuild_reports');
    await app.run('ordering.update_reports');
    await app.run('catalog.note_stock_value');
    for (const { method, path, operation } of operations.values()) {
      const plain = method === 'GET' && !path.includes('{') && !path.startsWith('/v1/me');
      const asksMore = operation.parameters?.some(({ required }) => required) ?? false;
      if (!plain || asksMore || book.has(operation.operationId, '200')) continue;
      await ask(operation.operationId, {}, path.startsWith('/v1/admin') ? { token: staff } : {});
    }
    // Last, because much happens in a day.
    const { id } = (await replay('advanceTestClock')).body;
    while (
      (await app.get(`/v1/admin/test-clock/advancements/${id}`, { token: staff })).body.state !== 'finished'
    )
      await wait(20);
    await ask('getClockAdvancement', { id });
    // They need something that goes wrong, or that takes its time.
    const rare = [
      'approvePaymentReview 202',
      'cancelExport 200',
      'cancelImport 200',
      'capturePayment 202',
      'changePrices 202',
      'confirmStocktake 202',
      'listDeliveries 200',
      'listGatewayEvents 200',
      'listImportErrors 200',
      'listIntegrityFindings 200',
      'refundPayment 202',
      'retryGatewayEvent 202',
      'retryPaymentOperation 202',
      'reviewPayment 202',
      'voidPayment 202',
    ];
    const missing = [...operations.values()].flatMap(({ operation: { operationId, responses } }) =>
      Object.entries(responses)
        .filter(([status, { content }]) => status < '300' && content?.['application/json'])
        .filter(([status]) => !book.has(operationId, status))
        .map(([status]) => `${operationId} ${status}`),
    );
    expect(missing.sort()).toEqual(rare);
    if (process.env.UPDATE_OPENAPI) await book.write();
  });

  it('of every operation with a body was sent, and worked', () => {
    const all = [...operations.values()].flatMap(({ operation }) =>
      Object.keys(operation.requestBody?.content ?? {}).map((type) => `${operation.operationId} ${type}`),
    );
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter((one) => !sent.has(one))).toEqual([]);
  });
});
