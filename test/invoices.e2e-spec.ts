import { jest } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { BillingRefundsOfOwnMoney1780000000795 } from '../migrations/billing/1780000000795-refunds-of-own-money.js';
import { BillingApi } from '../src/billing/billing.api.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { BillingIntegrity } from '../src/billing/integrity/billing-integrity.service.js';
import { OrderingIntegrity } from '../src/ordering/integrity/ordering-integrity.service.js';
import type { InvoiceDraft, InvoiceLine } from '../src/billing/invoice/invoice-content.js';
import { InvoiceRepository } from '../src/billing/invoice/invoice.repository.js';
import { OrderDocuments } from '../src/billing/invoice/order-documents.service.js';
import { Invoices } from '../src/billing/invoice/invoices.service.js';
import { MethodCharges } from '../src/billing/payment-method/method-charges.service.js';
import { BillingPersonalData } from '../src/billing/payment/personal-data.service.js';
import { OrderPlaced } from '../src/ordering/ordering.events.js';
import { OrderInvoiceSubscribers } from '../src/ordering/invoice/order-invoices.subscribers.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { newId } from '../src/platform/ids.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { planInvoice } from './support/invoices.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import {
  berlin,
  buy,
  type CartInHand,
  checkOut,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
} from './support/purchase.js';

type Body = Answer['body'];

const SELLER = {
  name: 'Guildhall Trading GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  iban: 'DE02120300000000202051',
  bic: 'BYLADEM1001',
  timeZone: 'Europe/Berlin',
  notes: ['Goods remain our property until they are paid.'],
};
const eur = (amount: number) => ({ amount, currency: 'EUR' });
/** The suite makes some; `FINALISE=1500` makes as many as were measured, and prints how long that took. */
const FINALISE = Number(process.env.FINALISE ?? 150);

describe('invoices and credit notes', () => {
  let app: TestApp;
  let token: string;
  let lamp: Goods;
  let book: Goods;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    lamp = await goods(app, { price: 1999, stock: 10_000 });
    book = await goods(app, { price: 1000, stock: 10_000, taxClass: 'reduced' });
  });
  afterEach(async () => {
    await app.settle();
    expect(await imbalance(app)).toBeNull();
    for (const check of app.app.get(BillingIntegrity).checks) {
      const subjects = await check.subjects(null, 10_000);
      expect([check.code, await check.look(subjects)]).toEqual([check.code, []]);
    }
  });
  afterAll(() => app?.close());

  const post = (path: string, body: object) => app.post(path, body, { token, key: key() });
  const placed = async (
    lines: (Goods & { quantity?: number })[],
    options: { token?: string; body?: object } = {},
  ): Promise<{ cart: CartInHand; order: Body }> => {
    const { cart, answer } = await buy(app, lines, options);
    expect(answer.text).toContain('"number"');
    await app.settle();
    return { cart, order: answer.body };
  };
  const invoicesOf = async (orderId: string): Promise<Body[]> => {
    const list = await app.get(`/v1/admin/invoices?orderId=${orderId}`, { token });
    const all = await Promise.all(
      list.body.items.map(
        async ({ id }: Body) => (await app.get(`/v1/admin/invoices/${id}`, { token })).body,
      ),
    );
    return all.reverse();
  };
  const notesOf = async (orderId: string): Promise<Body[]> =>
    (await app.get(`/v1/admin/credit-notes?orderId=${orderId}`, { token })).body.items.reverse();
  const orderOf = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, { token })).body;
  const lineOf = (order: Body, { sku }: Goods): Body => order.lines.find((line: Body) => line.sku === sku);
  const change = async (orderId: string, plan: object): Promise<Body> => {
    const path = `/v1/admin/orders/${orderId}/changes`;
    const { body: draft, text } = await app.post(path, plan, { token });
    expect(text).toContain('"state":"draft"');
    const shown = (await app.get(`${path}/${draft.id}/preview`, { token })).body;
    const done = await post(`${path}/${draft.id}/confirmation`, { expectedDifference: shown.difference });
    expect(done.text).toContain('"decidedAt":"');
    await app.settle();
    return done.body;
  };
  const balance = async (account: string, orderId: string): Promise<number> => {
    const [row] = await app.database.query<{ sum: string }>(
      `SELECT coalesce(sum(e.amount), 0)::text AS sum FROM billing.ledger_transactions t
       JOIN billing.ledger_entries e ON e.transaction_id = t.id WHERE t.order_id = $1 AND e.account LIKE $2`,
      [orderId, account],
    );
    return Number(row?.sum);
  };
  /** Nothing was lost, nothing is owed and nothing is kept for the buyer. */
  const isSquare = async (orderId: string): Promise<void> => {
    for (const account of ['contra:refunds', 'liab:unapplied', 'liab:refunds_payable', 'assets:provider:%'])
      expect([account, await balance(account, orderId)]).toEqual([account, 0]);
  };
  /** What ordering finds wrong with an order. */
  const findingsOf = async (orderId: string): Promise<object[]> => {
    const checks = app.app.get(OrderingIntegrity).checks.filter(({ subjectType }) => subjectType === 'order');
    return (await Promise.all(checks.map(({ look }) => look([orderId])))).flat();
  };
  const sum = (all: Body[], pick: (one: Body) => number): number =>
    all.reduce((whole, one) => whole + pick(one), 0);
  const taxOf = (documents: Body[], ratePpm: number): number =>
    sum(
      documents.flatMap(({ content }) => content.taxes).filter((tax: Body) => tax.ratePpm === ratePpm),
      (tax) => tax.amount.amount,
    );

  it('wait as drafts for the seller, and are finalised in the order of the sales once it is known', async () => {
    // One that fails holds up no other.
    const { order: odd } = await placed([lamp]);
    const [stuck] = await invoicesOf(odd.id);
    await app.database.query(
      `CREATE FUNCTION billing.stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stuck'; END $$`,
    );
    await app.database.query(`CREATE TRIGGER stuck BEFORE UPDATE ON billing.invoices FOR EACH ROW
      WHEN (OLD.id = '${stuck.id}') EXECUTE FUNCTION billing.stuck()`);
    const { cart, order } = await placed([{ ...lamp, quantity: 2 }, book]);
    const [draft] = await invoicesOf(order.id);
    expect(draft).toMatchObject({
      state: 'draft',
      number: null,
      reason: 'seller_incomplete',
      content: { kind: 'pro_forma', number: null, totals: { gross: order.totals.total } },
    });
    const guest = await app.get(`/v1/orders/${order.id}/invoices`, { cartToken: cart.token });
    expect(guest.body).toEqual({ items: [] });

    // Gone before it had an invoice: its money was the buyer's all the time, and nobody lost or owes anything.
    const { order: gone } = await placed([lamp]);
    expect((await post(`/v1/orders/${gone.id}/cancellation`, {})).status).toBe(201);
    await app.settle();
    expect(await invoicesOf(gone.id)).toEqual([]);
    await isSquare(gone.id);
    // What no invoice has taken yet goes back out of the buyer's own; it is a present once the invoice takes all.
    const { order: early } = await placed([lamp]);
    const present = { amount: eur(100), creditNote: 'none' };
    expect((await post(`/v1/admin/payments/${early.payments[0].id}/refunds`, present)).status).toBe(201);
    await app.settle();
    expect(await balance('contra:refunds', early.id)).toBe(0);

    const bad = await app.put(
      '/v1/admin/seller-profile',
      { ...SELLER, iban: 'DE03120300000000202051', timeZone: 'Mars/Base', creditNotePrefix: '{year}-' },
      { token },
    );
    expect(bad.status).toBe(400);
    expect(bad.body.errors.map(({ pointer }: Body) => pointer)).toEqual([
      '/iban',
      '/timeZone',
      '/creditNotePrefix',
    ]);
    const set = await app.put('/v1/admin/seller-profile', SELLER, { token });
    expect(set.body).toMatchObject({ missing: [], version: 1 });
    const stale = await app.put('/v1/admin/seller-profile', SELLER, {
      token,
      headers: { 'if-match': '"0"' },
    });
    expect(stale.status).toBe(412);
    await app.settle();

    await app.database.query('DROP FUNCTION billing.stuck CASCADE');
    expect(await invoicesOf(odd.id)).toMatchObject([{ state: 'draft' }]);
    await app.run('billing.invoice_drafts');
    await app.settle();
    expect(await invoicesOf(odd.id)).toMatchObject([{ state: 'paid' }]);
    expect(await balance('contra:refunds', early.id)).toBe(100);
    expect(await balance('liab:unapplied', early.id)).toBe(0);
    const [invoice] = await invoicesOf(order.id);
    const year = invoice.content.issueDate.slice(0, 4);
    expect(invoice).toMatchObject({
      state: 'paid',
      number: `TEST-${year}-000001`,
      due: { amount: 0 },
      settlements: [{ kind: 'payment', sourceId: order.payments[0].id, amount: order.totals.total }],
      content: {
        kind: 'invoice',
        seller: { name: SELLER.name },
        buyer: { name: 'Ada Byron', email: 'ada@example.test' },
        totals: { gross: order.totals.total, tax: order.totals.tax, due: { amount: 0 } },
        notes: SELLER.notes,
      },
    });
    const shown = await app.get(`/v1/orders/${order.id}/invoices`, { cartToken: cart.token });
    expect(shown.body.items).toMatchObject([{ number: invoice.number, state: 'paid', creditNotes: [] }]);
    expect((await app.get(`/v1/orders/${order.id}/invoices`)).status).toBe(404);

    const why = await app.get(`/v1/admin/invoices/${invoice.id}/explain`, { token });
    const cents = (end: string) =>
      sum(
        why.body.items.filter(({ what }: Body) => what.endsWith(end)),
        (one) => one.amount.amount,
      );
    expect(cents('/totals/gross')).toBe(order.totals.total.amount);
    expect(
      sum(
        why.body.items.filter(({ what }: Body) => /^\/lines\/\d+\/tax$/.test(what)),
        (one) => one.amount.amount,
      ),
    ).toBe(order.totals.tax.amount);
    expect(why.body.items.find(({ what }: Body) => what === '/taxes/0').formula).toMatch(/×/);
  });

  it('follow an order through edit, addition, goodwill, return and cancellation, to the cent', async () => {
    const { order } = await placed([{ ...lamp, quantity: 3 }, book]);
    // Told twice, and by two at once: it has one invoice.
    const { number, lines, totals } = order;
    const told = new OrderPlaced({ orderId: order.id, number, total: totals.total, customerId: null, lines });
    const subscribers = app.app.get(OrderInvoiceSubscribers);
    await Promise.all([1, 2].map(() => app.database.transaction(() => subscribers.placed(told))));
    expect(await invoicesOf(order.id)).toHaveLength(1);

    const edit = await change(order.id, {
      kind: 'edit',
      remove: [{ lineId: lineOf(order, lamp).id, quantity: 1 }],
    });
    const [first] = await notesOf(order.id);
    expect(first).toMatchObject({
      origin: 'order',
      total: { amount: -edit.difference.amount },
      refunded: { amount: -edit.difference.amount },
      content: { kind: 'credit_note', references: { number: (await invoicesOf(order.id))[0].number } },
    });
    expect(first.content.lines).toMatchObject([{ quantity: '1', sku: lamp.sku }]);

    // As many for as many: nothing is paid or goes back, and still both are on paper.
    await change(order.id, {
      kind: 'edit',
      remove: [{ lineId: lineOf(order, book).id, quantity: 1 }],
      add: [{ variantId: book.variantId, quantity: 1 }],
    });
    const [, second] = await invoicesOf(order.id);
    expect(second).toMatchObject({ state: 'paid', settlements: [{ kind: 'balance', amount: eur(1000) }] });

    // By hand, with a document of its own; then one without, and why.
    const paymentId = order.payments[0].id;
    const refund = (body: object) => post(`/v1/admin/payments/${paymentId}/refunds`, body);
    expect((await refund({ amount: eur(333) })).status).toBe(201);
    await app.settle();
    const goodwill = (await notesOf(order.id)).at(-1);
    expect(goodwill).toMatchObject({ origin: 'refund', total: eur(333), refunded: eur(333), kept: eur(0) });
    const unexplained = await refund({ amount: eur(100), creditNote: 'none' });
    expect(unexplained.body.code).toBe('billing.credit_note_reason_required');
    expect((await refund({ amount: eur(100), creditNote: 'existing' })).body.code).toBe(
      'billing.credit_note_missing',
    );
    expect(
      (await refund({ amount: eur(100), creditNote: 'none', creditNoteReason: 'A present' })).status,
    ).toBe(201);
    await app.settle();
    const noted = sum(await notesOf(order.id), ({ content }) => content.totals.net.amount);
    expect(await balance('contra:refunds', order.id)).toBe(noted + 100);
    expect(await balance('liab:unapplied', order.id)).toBe(0);

    expect((await post(`/v1/orders/${order.id}/cancellation`, {})).status).toBe(201);
    await app.settle();
    const [invoices, notes] = [await invoicesOf(order.id), await notesOf(order.id)];
    for (const ratePpm of [190_000, 70_000]) expect(taxOf(notes, ratePpm)).toBe(taxOf(invoices, ratePpm));
    expect(sum(notes, ({ total }) => total.amount)).toBe(sum(invoices, ({ total }) => total.amount));
    for (const account of ['liab:tax:%', 'assets:ar', 'liab:refunds_payable'])
      expect([account, await balance(account, order.id)]).toEqual([account, 0]);
    // Every account is at zero: what was sold was taken back, and with it the 1.00 that no document had told of.
    expect((await balance('income:%', order.id)) + (await balance('contra:refunds', order.id))).toBe(0);
    expect(await balance('liab:unapplied', order.id)).toBe(0);
    const shown = (await orderOf(order.id)).payments[0];
    expect(shown.refunded).toEqual(shown.captured);
  });

  it('take money as it comes: cards, gift cards and credit together, and gift cards that are sold', async () => {
    const ada = await given.customer(app);
    const id = (await given.accountId(app, ada.email)) ?? '';
    await post('/v1/admin/store-credits', {
      customerId: id,
      amount: eur(500),
      reason: 'The parcel was lost',
    });
    const cart = await fillCart(app, [lamp]);
    const split = await app.post(
      `/v1/carts/${cart.id}/checkout`,
      {
        payment: { gateway: 'test', token: 'ok' },
        storeCredit: true,
        shippingAddress: berlin,
        email: ada.email,
      },
      { key: key(), cartToken: cart.token, token: ada.token },
    );
    expect(split.status).toBe(201);
    await app.settle();
    const [invoice] = await invoicesOf(split.body.id);
    expect(invoice.settlements.map(({ amount }: Body) => amount.amount).sort()).toEqual(
      split.body.payments.map(({ amount }: Body) => amount.amount).sort(),
    );
    expect(invoice.state).toBe('paid');
    const mine = await app.get('/v1/me/invoices', { token: ada.token });
    expect(mine.body.items).toMatchObject([
      { number: invoice.number, state: 'paid', orderId: split.body.id },
    ]);
    const one = await app.get(`/v1/me/invoices/${invoice.id}`, { token: ada.token });
    expect(one.body.content.buyer.email).toBe(ada.email);
    const other = await given.customer(app);
    expect((await app.get(`/v1/me/invoices/${invoice.id}`, { token: other.token })).status).toBe(404);

    // The copy of one's data holds them; forgotten, the address is off, and what the law wants stays, sealed.
    const people = app.app.get(BillingPersonalData);
    const subject = { customerId: id, email: ada.email };
    const pages = [];
    for await (const page of people.collect(subject)) pages.push(page);
    const copy = pages.find(({ section }) => section === 'invoices')?.rows as Body[];
    expect(copy).toMatchObject([
      { invoice: { number: invoice.number, buyer: { name: 'Ada Byron', email: ada.email } } },
    ]);
    expect(copy[0].kept).toContain('The law wants');
    for (const _ of [1, 2]) await app.database.transaction(() => people.erase(subject));
    const [kept] = await invoicesOf(split.body.id);
    expect(kept).toMatchObject({ customerId: null, content: { buyer: { name: 'Ada Byron', email: null } } });
    const [row] = await app.database.query<{ text: string }>(
      'SELECT i::text AS text FROM billing.invoices i WHERE id = $1',
      [invoice.id],
    );
    expect(row?.text).not.toMatch(/Byron|Linden/);

    const made = await app.post(
      '/v1/admin/products',
      {
        title: 'Gift card',
        status: 'published',
        variants: [{ sku: `CARD-${newId()}`, kind: 'gift_card', prices: [eur(5000)] }],
      },
      { token },
    );
    const [card] = made.body.variants;
    const { order } = await placed([{ variantId: card.id, sku: card.sku }, lamp]);
    const [sold] = await invoicesOf(order.id);
    expect(sold.content.lines.find(({ sku }: Body) => sku === card.sku)).toMatchObject({
      category: 'E',
      revenue: 'voucher',
      tax: eur(0),
    });
    expect(await balance('liab:gift_cards', order.id)).toBe(-5000);
    expect(await balance('liab:unapplied', order.id)).toBe(0);
    expect(await balance('income:%', order.id)).toBe(
      -(order.totals.total.amount - order.totals.tax.amount - 5000),
    );
    // Its price is given back in no way while it can be spent.
    const back = { reason: 'other', lines: [{ lineId: sold.content.lines[0].id }], outOfBand: eur(5000) };
    const refused = await post(`/v1/admin/invoices/${sold.id}/credit-notes`, back);
    expect([refused.status, refused.body.code]).toEqual([409, 'billing.gift_card_kept']);
  });

  it('say how an order was taxed: included, reverse charge and export', async () => {
    const settings = (patch: object) => app.patch('/v1/admin/tax-settings', patch, { token });
    await settings({ origin: { country: 'DE' }, unverifiedVatIds: 'accept' });
    const vienna = { ...berlin, country: 'AT', city: 'Wien', postalCode: '1010' };
    const bern = { ...berlin, country: 'CH', city: 'Bern', postalCode: '3011' };
    for (const [address, extra, category] of [
      [berlin, {}, 'S'],
      [vienna, { vatId: 'ATU13585627' }, 'AE'],
      [bern, {}, 'G'],
    ] as const) {
      const cart = await fillCart(app, [lamp, { ...book, quantity: 2 }]);
      const { body: order, status } = await checkOut(app, cart, {
        body: { shippingAddress: address, ...extra },
      });
      expect([category, status]).toEqual([category, 201]);
      await app.settle();
      const [invoice] = await invoicesOf(order.id);
      const { taxes, totals, notes } = invoice.content;
      expect([category, ...new Set(taxes.map((tax: Body) => tax.category))]).toEqual([category, category]);
      expect(totals).toMatchObject({ gross: order.totals.total, tax: order.totals.tax });
      for (const tax of taxes) expect(tax.reason === null).toBe(category === 'S');
      if (category === 'AE')
        expect([notes[0], invoice.content.buyer.vatId]).toEqual([order.taxation.note, 'ATU13585627']);
    }
    await settings({ origin: null });
  });

  const finalize = (wanted: InvoiceDraft) =>
    app.database.transaction(() => app.app.get(Invoices).finalize(wanted));

  it('are credited, given up and ended by staff, and never changed', async () => {
    const [{ invoiceId: open }, { invoiceId: lost }, { invoiceId: nothing }] = [
      await finalize(planInvoice(11_900)),
      await finalize(planInvoice(5950)),
      await finalize(planInvoice(0)),
    ];
    expect((await app.get(`/v1/admin/invoices/${nothing}`, { token })).body.state).toBe('paid');
    await expect(
      finalize({
        ...planInvoice(100),
        lines: [{ ...(planInvoice(100).lines[0] as InvoiceLine), net: eur(1) }],
      }),
    ).rejects.toMatchObject({ code: 'billing.invoice_invalid' });

    const credit = (body: object) => post(`/v1/admin/invoices/${open}/credit-notes`, body);
    const many = await credit({ amount: eur(11_901), reason: 'other' });
    expect(many.body).toMatchObject({
      code: 'billing.credit_exceeds_invoice',
      maximumCreditable: eur(11_900),
    });
    // Of two who credit 100.00 of 119.00 at once, one finds too little left.
    const both = await Promise.all([1, 2].map(() => credit({ amount: eur(10_000), reason: 'duplicate' })));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
    const rest = await credit({ lines: [{ lineId: 'plan' }], reason: 'other', memo: 'The rest' });
    expect(rest.body).toMatchObject({ total: eur(1900), reduced: eur(1900), kept: eur(0) });
    const credited = (await app.get(`/v1/admin/invoices/${open}`, { token })).body;
    expect(credited).toMatchObject({ state: 'paid', due: eur(0) });
    expect((await post(`/v1/admin/invoices/${open}/voidance`, { reason: 'x' })).body.code).toBe(
      'billing.invoice_not_open',
    );

    // A line below zero at another rate is credited with the others: per category, the notes are the invoice to the cent.
    const part = (id: string, net: number, ratePpm: number): InvoiceLine => {
      const [line] = planInvoice(0).lines as [InvoiceLine];
      const tax = Math.round((net * ratePpm) / 1_000_000);
      const piece = { net: eur(net), tax: eur(tax), total: eur(net + tax), price: eur(net) };
      const taxes = line.taxes.map((one) => ({ ...one, ratePpm, base: eur(net), amount: eur(tax) }));
      const priced = { unitPrice: eur(Math.abs(net)), quantity: net < 0 ? '-1' : '1' };
      return { ...line, id, ...piece, ...priced, ratePpm, taxes };
    };
    const lines = [part('old', -5000, 190_000), part('new', 20_000, 70_000)];
    const { invoiceId: mixed } = await finalize({
      ...planInvoice(0),
      ...{ pricesIncludeTax: false, lines },
    } as InvoiceDraft);
    const creditMixed = (body: object) =>
      post(`/v1/admin/invoices/${mixed}/credit-notes`, { reason: 'other', ...body });
    // No more of one line than all of them come to.
    expect((await creditMixed({ lines: [{ lineId: 'new' }] })).body).toMatchObject({
      code: 'billing.credit_exceeds_invoice',
      maximumCreditable: eur(15_450),
    });
    expect((await creditMixed({ lines: [{ lineId: 'old' }] })).status).toBe(422);
    const taxed: Record<string, number> = {};
    for (const amount of [3333, 5000, 7117]) {
      const { status, body } = await creditMixed({ amount: eur(amount) });
      expect([status, body.total, body.reduced]).toEqual([201, eur(amount), eur(amount)]);
      for (const tax of body.content.taxes)
        taxed[tax.ratePpm] = (taxed[tax.ratePpm] ?? 0) + (tax.amount.amount as number);
      const [old] = body.content.lines;
      expect([old.quantity, old.unitPrice.amount]).toEqual(['-1', -old.net.amount]);
    }
    expect(taxed).toEqual({ 190_000: -950, 70_000: 1400 });

    const given_up = await post(`/v1/admin/invoices/${lost}/write-off`, {
      reason: 'The company is bankrupt',
    });
    expect(given_up.body).toMatchObject({ state: 'uncollectible', due: eur(0) });
    const ended = await post(`/v1/admin/invoices/${lost}/voidance`, { reason: 'Sent by mistake' });
    expect(ended.body).toMatchObject({ state: 'void', due: eur(0), reason: 'Sent by mistake' });
    // What was given up and is credited was never owed: income and tax go back, and so does the loss.
    const { invoiceId: hopeless } = await finalize(planInvoice(5950));
    await post(`/v1/admin/invoices/${hopeless}/write-off`, { reason: 'Moved away' });
    const creditOf = (body: object) =>
      post(`/v1/admin/invoices/${hopeless}/credit-notes`, { reason: 'other', ...body });
    const inCash = await creditOf({ amount: eur(950), outOfBand: eur(950) });
    expect(inCash.body).toMatchObject({ code: 'billing.credit_split_wrong', toSplit: eur(0) });
    expect(inCash.body.errors).toMatchObject([{ pointer: '/outOfBand', code: 'wrong_sum' }]);
    expect((await creditOf({ amount: eur(950) })).body).toMatchObject({ reduced: eur(950), kept: eur(0) });
    const badDebt = async () => {
      const [row] = await app.database.query<{ sum: number }>(
        `SELECT coalesce(sum(e.amount), 0)::int AS sum FROM billing.ledger_transactions t
         JOIN billing.ledger_entries e ON e.transaction_id = t.id WHERE t.invoice_id = $1 AND e.account = 'expense:bad_debt'`,
        [hopeless],
      );
      return row?.sum;
    };
    expect(await badDebt()).toBe(5000);
    const invoiceAt = async () => (await app.get(`/v1/admin/invoices/${hopeless}`, { token })).body;
    expect(await invoiceAt()).toMatchObject({ state: 'uncollectible', due: eur(0) });
    const wholly = await Promise.all([1, 2].map(() => creditOf({ amount: eur(5000) })));
    expect(wholly.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(await badDebt()).toBe(0);
    expect(await invoiceAt()).toMatchObject({ state: 'paid', due: eur(0) });
    for (const sql of [
      `UPDATE billing.invoices SET total = total - 1 WHERE id = $1`,
      `UPDATE billing.invoices SET content = content || '{"notes": []}' WHERE id = $1`,
      `DELETE FROM billing.invoices WHERE id = $1`,
      `UPDATE billing.invoices SET contact = '\\x00' WHERE id = $1`,
    ])
      await expect(app.database.execute(sql, [open])).rejects.toThrow();

    // A paid one: what was paid has to go somewhere, exactly.
    const { order } = await placed([{ ...lamp, quantity: 2 }]);
    const [paid] = await invoicesOf(order.id);
    const note = (body: object) =>
      post(`/v1/admin/invoices/${paid.id}/credit-notes`, { reason: 'other', ...body });
    const [line] = paid.content.lines;
    const unsaid = await note({ lines: [{ lineId: line.id, quantity: 1 }] });
    expect(unsaid.body).toMatchObject({
      ...{ code: 'billing.credit_split_wrong', toSplit: eur(1999) },
      errors: [{ pointer: '/refund', code: 'missing' }],
    });
    const foreign = { refund: { amount: 1999, currency: 'USD' } };
    expect((await note({ lines: [{ lineId: line.id, quantity: 1 }], ...foreign })).body.errors).toMatchObject(
      [{ pointer: '/refund/currency', code: 'foreign_currency' }],
    );
    const said = await note({
      lines: [{ lineId: line.id, quantity: 1 }],
      refund: eur(1500),
      outOfBand: eur(499),
    });
    expect(said.body).toMatchObject({
      refunded: eur(1500),
      outOfBand: eur(499),
      kept: eur(0),
      reduced: eur(0),
    });
    await app.settle();
    expect(await balance('contra:refunds', order.id)).toBe(said.body.content.totals.net.amount);
    // What went back in cash does not go back once more: neither part of it, nor with all the rest.
    const [payment] = order.payments;
    const most = payment.amount.amount - 1999;
    const refund = (body: object) =>
      post(`/v1/admin/payments/${payment.id}/refunds`, { reason: 'other', ...body });
    const again = await refund({ amount: eur(most + 1) });
    expect(again.body).toMatchObject({
      code: 'billing.refund_exceeds_captured',
      maximumRefundable: eur(most),
    });
    const [one, other] = await Promise.all([
      refund({ full: true }),
      note({ lines: [{ lineId: line.id, quantity: 1 }], outOfBand: eur(1999) }),
    ]);
    // Whichever comes first leaves the other what is left.
    expect(one.status).toBe(201);
    expect([201, 409]).toContain(other.status);
    await app.settle();
    const { body: after } = await app.get(`/v1/admin/payments/${payment.id}`, { token });
    const outside = 499 + (other.status === 201 ? 1999 : 0);
    expect(after.refunded.amount).toBe(payment.amount.amount - outside);
    expect((await refund({ full: true })).status).toBe(409);
  });

  it('count what they gave back outside as given back everywhere', async () => {
    const { order } = await placed([lamp]);
    const { amount: total } = order.totals.total;
    const [invoice] = await invoicesOf(order.id);
    const paymentAt = async (): Promise<Body> =>
      (await app.get(`/v1/admin/payments/${order.payments[0].id}`, { token })).body;
    const inCash = { amount: eur(490), reason: 'other', outOfBand: eur(490) };
    expect((await post(`/v1/admin/invoices/${invoice.id}/credit-notes`, inCash)).status).toBe(201);
    expect(await paymentAt()).toMatchObject({ refunded: eur(0), refundable: eur(total - 490) });
    await app.settle();
    expect(await orderOf(order.id)).toMatchObject({ paymentStatus: 'partially_refunded' });
    await post(`/v1/orders/${order.id}/cancellation`, {});
    await app.settle();
    expect(await orderOf(order.id)).toMatchObject({
      ...{ status: 'canceled', paymentStatus: 'refunded', amountToRefund: eur(0) },
    });
    expect(await paymentAt()).toMatchObject({ refunded: eur(total - 490), refundable: eur(0) });
    expect(await findingsOf(order.id)).toEqual([]);
    for (const account of ['liab:unapplied', 'liab:refunds_payable'])
      expect([account, await balance(account, order.id)]).toEqual([account, 0]);
  });

  it('keep what came by hand until a person has paid it back, and limbo tells of it at once', async () => {
    const { answer } = await buy(app, [lamp], { token: 'insufficient_funds' });
    const id: string = answer.body.orderId;
    const { amount: total } = (await orderOf(id)).totals.total;
    const paid = await post(`/v1/admin/orders/${id}/payments`, {
      ...{ method: 'cash', amount: eur(total), reference: 'till 1' },
    });
    expect(paid.status).toBe(201);
    await app.settle();
    await post(`/v1/orders/${id}/cancellation`, {});
    await app.settle();
    const limbo = async (): Promise<Body[]> => {
      const { items } = (await app.get('/v1/admin/payments/limbo?kind=unapplied&limit=100', { token })).body;
      return items.filter(({ orderId }: Body) => orderId === id);
    };
    expect(await limbo()).toMatchObject([
      {
        amount: eur(total),
        reason: 'it has to be paid back by hand',
        resolution: { operationId: 'refundPayment' },
      },
    ]);
    expect(await orderOf(id)).toMatchObject({ status: 'canceled', amountToRefund: eur(total) });
    expect(await findingsOf(id)).toEqual([]);
    const [{ resolution }] = await limbo();
    expect((await post(resolution.path, { full: true })).body).toMatchObject({ status: 'succeeded' });
    await app.settle();
    expect(await orderOf(id)).toMatchObject({ paymentStatus: 'refunded', amountToRefund: eur(0) });
    expect(await findingsOf(id)).toEqual([]);
    expect(await notesOf(id)).toMatchObject([{ refunded: eur(total), kept: eur(0) }]);
    app.clock.advance({ days: 2 });
    expect(await limbo()).toEqual([]);
  });

  it('never say that somebody has paid back by hand what only a job or a program asked for', async () => {
    const { answer } = await buy(app, [{ ...lamp, quantity: 2 }], { token: 'insufficient_funds' });
    const id: string = answer.body.orderId;
    const { amount: total } = (await orderOf(id)).totals.total;
    const inCash = async (amount: number): Promise<void> => {
      const cash = { method: 'cash', amount: eur(amount), reference: key() };
      expect((await post(`/v1/admin/orders/${id}/payments`, cash)).status).toBe(201);
      await app.settle();
    };
    const refundsOf = async (): Promise<Body[]> =>
      (await app.get(`/v1/admin/refunds?orderId=${id}`, { token })).body.items;
    await inCash(total);
    // A part of what a change costs is paid in cash; nobody pays the rest, and a job takes it off.
    await change(id, { kind: 'edit', add: [{ variantId: book.variantId, quantity: 1 }] });
    await inCash(400);
    app.clock.advance({ days: 4 });
    await app.run('ordering.expire_changes');
    await app.settle();
    const byHand = { status: 'failed', failureCode: 'pay_by_hand', requestedBy: 'system' };
    expect(await refundsOf()).toMatchObject([{ ...byHand, amount: eur(400) }]);
    expect(await balance('assets:cash', id)).toBe(total + 400);
    expect(await orderOf(id)).toMatchObject({ paymentStatus: 'paid', amountToRefund: eur(400) });
    expect(await findingsOf(id)).toEqual([]);
    // Nor does a program reach into the till.
    const scopes = ['ordering:order:read', 'ordering:order:write'];
    const robot = { token: (await post('/v1/admin/api-keys', { name: 'robot', scopes })).body.key };
    const path = `/v1/admin/orders/${id}/changes`;
    const plan = { kind: 'edit', remove: [{ lineId: lineOf(await orderOf(id), lamp).id, quantity: 1 }] };
    const { body: draft } = await app.post(path, plan, robot);
    const { difference } = (await app.get(`${path}/${draft.id}/preview`, robot)).body;
    const decided = { expectedDifference: difference };
    const done = await app.post(`${path}/${draft.id}/confirmation`, decided, { ...robot, key: key() });
    expect(done.status).toBe(200);
    await app.settle();
    const failed = await refundsOf();
    expect(failed).toMatchObject(failed.map(() => byHand));
    expect(sum(failed, ({ amount }) => amount.amount)).toBe(400 + 1999);
    expect(await balance('assets:cash', id)).toBe(total + 400);
    expect(await orderOf(id)).toMatchObject({ amountToRefund: eur(400 + 1999) });
    expect(await findingsOf(id)).toEqual([]);
  });

  it('are told of as in limbo only as far as something is left of all that was paid, and whatever kept it from going back', async () => {
    const limboOf = async (id: string): Promise<Body[]> => {
      const { items } = (await app.get('/v1/admin/payments/limbo?kind=unapplied&limit=100', { token })).body;
      return items.filter(({ orderId }: Body) => orderId === id);
    };
    const giftCard = async (amount: number): Promise<{ id: string; code: string }> => {
      const to = `${key()}@example.test`;
      const made = await post('/v1/admin/gift-cards', {
        amount: eur(amount),
        recipientEmail: to,
        reason: 'r',
      });
      await app.settle();
      const letter = (await app.letters()).findLast((one) => one.to === to);
      return { id: made.body.id, code: /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '' };
    };
    // A gift card pays a part of a change, which runs out: as much goes back to the card of the bank, and nothing is left to give.
    const { cart, order } = await placed([lamp]);
    await change(order.id, { kind: 'edit', add: [{ variantId: book.variantId, quantity: 1 }] });
    const part = { giftCards: [{ code: (await giftCard(500)).code }] };
    const declined = { ...part, payment: { gateway: 'test', token: 'insufficient_funds' } };
    const answer = await app.post(`/v1/orders/${order.id}/payments`, declined, {
      ...{ cartToken: cart.token, key: key() },
    });
    expect(answer.status).toBe(402);
    app.clock.advance({ days: 4 });
    await app.run('ordering.expire_changes');
    await app.settle();
    const there = (await orderOf(order.id)).payments.filter(({ captured }: Body) => captured.amount > 0);
    expect(there.map((one: Body) => [one.kind, one.captured.amount, one.refunded.amount])).toEqual([
      ['card', order.totals.total.amount, 500],
      ['gift_card', 500, 0],
    ]);
    expect(await limboOf(order.id)).toEqual([]);
    // All of its goods are paid, and none was given back.
    expect(await orderOf(order.id)).toMatchObject({ paymentStatus: 'paid', amountToRefund: eur(0) });
    // What comes beyond all of it is listed, and gone once it is back.
    const tip = { method: 'cash', amount: eur(300), reference: key() };
    expect((await post(`/v1/admin/orders/${order.id}/payments`, tip)).status).toBe(201);
    app.clock.advance({ days: 2 });
    await app.settle();
    const [listed, ...others] = await limboOf(order.id);
    expect([listed.amount, others]).toEqual([eur(300), []]);
    expect((await post(listed.resolution.path, { amount: eur(300) })).status).toBe(201);
    await app.settle();
    expect(await limboOf(order.id)).toEqual([]);
    expect(await findingsOf(order.id)).toEqual([]);

    // A guest's gift card is not there any more when the order is canceled: only a person can give that back.
    const hers = await giftCard(5000);
    const with5000 = await fillCart(app, [lamp]);
    const bought = await app.post(
      `/v1/carts/${with5000.id}/checkout`,
      { giftCards: [{ code: hers.code }], shippingAddress: berlin },
      { cartToken: with5000.token, key: key() },
    );
    expect(bought.status).toBe(201);
    await app.settle();
    await post(`/v1/admin/gift-cards/${hers.id}/cancellation`, { reason: 'lost' });
    await post(`/v1/orders/${bought.body.id}/cancellation`, {});
    await app.settle();
    expect(await limboOf(bought.body.id)).toMatchObject([
      { amount: bought.body.totals.total, reason: 'it could not be sent back: gift_card_canceled' },
    ]);
    expect(await findingsOf(bought.body.id)).toEqual([]);
  });

  it('have nothing to do with money that no invoice took, and say when nobody else says that some is lost', async () => {
    // Of another currency, sent back by a person.
    const { answer: foreign } = await buy(app, [lamp], { token: 'currency_switch' });
    await app.settle();
    const [payment] = foreign.body.payments;
    const rejected = await post(`/v1/admin/payments/${payment.id}/review`, { decision: 'reject' });
    expect(rejected.body.status).toBe('canceled');
    await app.settle();
    await isSquare(foreign.body.id);

    // A second charge, after the order was paid: the shopper answered the bank, whose notice was lost.
    const cart = await fillCart(app, [lamp]);
    const first = await checkOut(app, cart, { token: 'sca_required+drop' });
    await fetch(first.body.payments[0].nextAction.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ decision: 'approve' }),
    });
    const { body: twice } = await checkOut(app, cart);
    await app.run('billing.catch_up');
    await app.settle();
    const paidTwice = (await app.get(`/v1/admin/payments/${twice.payments[0].id}`, { token })).body;
    expect(paidTwice.lateCharges).toMatchObject([{ refunded: twice.totals.total }]);
    expect(await balance('contra:refunds', twice.id)).toBe(0);
    expect(await balance('liab:unapplied', twice.id)).toBe(0);

    // What was paid too much goes back without a document: no invoice had taken it. What is left of it counts first.
    const { order: dear } = await placed([lamp]);
    const more = async (amount: number): Promise<string> => {
      const transfer = { method: 'bank_transfer', amount: eur(amount), reference: `${amount}` };
      const received = await post(`/v1/admin/orders/${dear.id}/payments`, transfer);
      expect([received.status, received.body.paymentStatus]).toEqual([201, 'overcharged']);
      return received.body.paymentId;
    };
    const goBack = async (paymentId: string, amount: number): Promise<Body[]> => {
      const given = await post(`/v1/admin/payments/${paymentId}/refunds`, { amount: eur(amount) });
      expect(given.status).toBe(201);
      await app.settle();
      expect(await balance('liab:unapplied', dear.id)).toBe(0);
      return notesOf(dear.id);
    };
    expect(await goBack(await more(500), 500)).toEqual([]);
    await more(200);
    expect(await goBack(dear.payments[0].id, 700)).toMatchObject([{ origin: 'refund', total: eur(500) }]);
    expect(await goBack(dear.payments[0].id, 300)).toMatchObject([{}, { total: eur(300) }]);

    // A present without a document is lost once the money was invoiced; when it comes back, it is not.
    const { order } = await placed([lamp], { token: 'refund_fail_later:23h' });
    const present = { amount: eur(100), creditNote: 'none', creditNoteReason: 'A present' };
    const asked = await post(`/v1/admin/payments/${order.payments[0].id}/refunds`, present);
    expect(asked.body.status).toBe('pending');
    const follow = () =>
      app.database.transaction(() =>
        app.app.get(OrderDocuments).followMoney({ orderId: order.id as string }),
      );
    await Promise.all([follow(), follow()]);
    expect(await balance('contra:refunds', order.id)).toBe(100);
    expect(await balance('liab:unapplied', order.id)).toBe(0);
    await (await GatewayBook.of(app)).passDay();
    for (let look = 0, status = 'pending'; status === 'pending' && look < 5_000; look++) {
      await app.run('billing.catch_up');
      await app.settle();
      ({ status } = (await app.get(`/v1/admin/refunds/${asked.body.id}`, { token })).body);
    }
    expect(await balance('contra:refunds', order.id)).toBe(0);
    expect(await balance('liab:unapplied', order.id)).toBe(0);
  });

  it('find books of before in order, as if they had been kept so always', async () => {
    const books = () =>
      app.database.query<object>(
        `SELECT coalesce(t.order_id, t.payment_id) AS of, e.account, e.currency, sum(e.amount) AS amount
         FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
         WHERE e.account IN ('contra:refunds', 'liab:unapplied') GROUP BY 1, 2, 3 HAVING sum(e.amount) <> 0 ORDER BY 1, 2, 3`,
      );
    const now = await books();
    expect(now).not.toEqual([]);
    const undone = app.database.transaction(async () => {
      // Refunds were a loss at once, and credit notes took out of it what went back.
      await app.database.execute('ALTER TABLE billing.ledger_entries DISABLE TRIGGER USER');
      await app.database.execute(
        `UPDATE billing.ledger_entries e SET account = 'contra:refunds' FROM billing.ledger_transactions t
         WHERE t.id = e.transaction_id AND t.kind IN ('refund_accepted', 'refund_withdrawn') AND e.account = 'liab:unapplied'`,
      );
      await app.database.execute(
        `WITH old AS MATERIALIZED (
           SELECT gen_random_uuid() AS id, order_id, currency, refunded FROM billing.credit_notes WHERE refunded > 0
         ), posted AS (
           INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, order_id, effective_at)
           SELECT id, 'old', 'old', id, order_id, now() FROM old
         )
         INSERT INTO billing.ledger_entries (transaction_id, position, account, currency, amount)
         SELECT id, 1, 'liab:unapplied', currency, refunded FROM old
         UNION ALL SELECT id, 2, 'contra:refunds', currency, -refunded FROM old`,
      );
      await app.database.execute(
        `DELETE FROM billing.ledger_entries e USING billing.ledger_transactions t
         WHERE t.id = e.transaction_id AND t.source_type = 'refund_document'`,
      );
      expect(await books()).not.toEqual(now);
      await new BillingRefundsOfOwnMoney1780000000795().up({
        query: (sql: string) => app.database.query(sql),
      } as QueryRunner);
      expect(await books()).toEqual(now);
      throw new Error('all of it is taken back');
    });
    await expect(undone).rejects.toThrow('all of it is taken back');
  });

  it('without an order are credited and given back as with one, and never more than was paid', async () => {
    const ada = await given.customer(app);
    const customerId = (await given.accountId(app, ada.email)) ?? '';
    const paid = async (card: string, parts: number[]) => {
      const kept = { gateway: 'test', token: card };
      const method = await app.post('/v1/me/payment-methods', kept, { token: ada.token, key: key() });
      const { methodId } = method.body;
      const gross = parts.reduce((whole, one) => whole + one, 0);
      const { invoiceId } = await finalize({ ...planInvoice(gross), customerId });
      const payments: string[] = [];
      for (const part of parts) {
        const charge = {
          purpose: 'invoice' as const,
          invoiceId,
          customerId,
          methodId,
          amount: Money.of(part, 'EUR'),
        };
        const opened = await app.database.transaction(() => app.app.get(MethodCharges).open(charge));
        const outcome = await app.app.get(BillingApi).authorize(opened.operationId);
        await app.database.transaction(() => app.app.get(BillingApi).settle(opened.operationId, outcome));
        await app.settle();
        payments.push(opened.paymentId);
      }
      const note = (body: object) =>
        post(`/v1/admin/invoices/${invoiceId}/credit-notes`, { reason: 'other', ...body });
      const refund = (at: number, body: object) => post(`/v1/admin/payments/${payments[at]}/refunds`, body);
      const refunded = () =>
        Promise.all(
          payments.map(
            async (id) => (await app.get(`/v1/admin/payments/${id}`, { token })).body.refunded.amount,
          ),
        );
      const notes = async (): Promise<Body[]> =>
        (await app.get(`/v1/admin/credit-notes?invoiceId=${invoiceId}`, { token })).body.items.reverse();
      /** In the books: what was lost is the net of the credit notes, and nobody owes or is owed anything. */
      const balanced = async (lost = 0) => {
        const rows = await app.database.query<{ account: string; sum: string }>(
          `SELECT account, sum(e.amount)::text AS sum FROM billing.ledger_transactions t
           JOIN billing.ledger_entries e ON e.transaction_id = t.id
           WHERE t.invoice_id = $1 OR t.payment_id = ANY ($2::uuid[]) GROUP BY 1`,
          [invoiceId, payments],
        );
        const at = (account: string) => Number(rows.find((row) => row.account === account)?.sum ?? 0);
        const net = sum(await notes(), ({ content }) => content.totals.net.amount);
        expect(at('contra:refunds')).toBe(net + lost);
        expect([at('assets:ar'), at('liab:refunds_payable'), at('liab:unapplied')]).toEqual([0, 0, 0]);
      };
      return { invoiceId, note, refund, refunded, notes, balanced };
    };

    // Refunded at its payment: the tax is corrected, or it is said why not.
    const one = await paid('ok', [12_000]);
    expect((await one.refund(0, { amount: eur(6000) })).status).toBe(201);
    await app.settle();
    // Each is found by its time, which is included, and is not behind it.
    const [{ paymentId, createdAt }] = (await app.get('/v1/admin/refunds?limit=1', { token })).body.items;
    const { createdAt: paidAt } = (await app.get(`/v1/admin/payments/${paymentId}`, { token })).body;
    const [{ issueDate }] = await one.notes();
    const next = (at: string, ms: number) => new Date(new Date(at).getTime() + ms).toISOString();
    for (const [list, field, at, after] of [
      [`payments?customerId=${customerId}`, 'createdAt', paidAt, next(paidAt, 1)],
      [`refunds?paymentId=${paymentId}`, 'createdAt', createdAt, next(createdAt, 1)],
      [
        `credit-notes?invoiceId=${one.invoiceId}`,
        'issueDate',
        issueDate,
        next(issueDate, 86_400_000).slice(0, 10),
      ],
    ]) {
      const ids = async (query: string): Promise<string[]> => {
        const { body } = await app.get(`/v1/admin/${list}&${query}`, { token });
        return body.items.map(({ id }: Body) => id);
      };
      const all = await ids(`${field}[lte]=${at}`);
      expect(all.length).toBeGreaterThan(0);
      expect(await ids(`${field}[gte]=${at}&${field}[lte]=${at}`)).toContain(all[0]);
      expect(await ids(`${field}[gte]=${after}`)).not.toContain(all[0]);
    }
    for (const list of ['credit-notes', 'invoices'])
      expect((await app.get(`/v1/admin/${list}?issueDate[gte]=2026-02-30`, { token })).status).toBe(400);
    expect(await one.notes()).toMatchObject([
      { origin: 'refund', orderId: null, total: eur(6000), refunded: eur(6000), kept: eur(0) },
    ]);
    await one.balanced();
    for (const [creditNote, code] of [
      ['none', 'billing.credit_note_reason_required'],
      ['existing', 'billing.credit_note_missing'],
    ])
      expect((await one.refund(0, { amount: eur(1), creditNote })).body.code).toBe(code);
    // Of a refund of the rest and a note that gives it back in cash, at once, one finds nothing left.
    const both = await Promise.all([
      one.refund(0, { full: true }),
      one.note({ amount: eur(6000), outOfBand: eur(6000) }),
    ]);
    expect(both.filter(({ status }) => status === 201)).toHaveLength(1);
    await app.settle();
    const outside = sum(await one.notes(), ({ outOfBand }) => outOfBand.amount);
    expect((await one.refunded())[0] + outside).toBe(12_000);
    expect(sum(await one.notes(), ({ total }) => total.amount)).toBe(12_000);
    expect((await one.refund(0, { amount: eur(1) })).status).toBe(409);
    await one.balanced();

    // Credited: over its payments, the newest card first; as credit of the customer; and in cash.
    const two = await paid('ok', [7000, 5000]);
    const split = { refund: eur(5500), storeCredit: eur(1000), outOfBand: eur(500) };
    expect((await two.note({ amount: eur(7001), ...split })).body).toMatchObject({
      code: 'billing.credit_split_wrong',
      toSplit: eur(7001),
    });
    expect((await two.note({ amount: eur(7000), ...split })).body).toMatchObject({
      refunded: eur(6500),
      outOfBand: eur(500),
      kept: eur(0),
    });
    await app.settle();
    expect(await two.refunded()).toEqual([1500, 5000]);
    expect((await app.get('/v1/me/store-credit', { token: ada.token })).text).toContain('"amount":1000');
    expect((await two.refund(0, { amount: eur(5001) })).body).toMatchObject({
      code: 'billing.refund_exceeds_captured',
      maximumRefundable: eur(5000),
    });
    await two.balanced();

    // What the gateway would not send back is kept, and goes when it is sent once more.
    const three = await paid('refund_fail_once', [12_000]);
    expect((await three.note({ amount: eur(6000), refund: eur(6000) })).status).toBe(201);
    await app.settle();
    expect(await three.notes()).toMatchObject([{ refunded: eur(0), kept: eur(6000) }]);
    const more = await three.refund(0, { amount: eur(6001), creditNote: 'existing' });
    expect(more.body.code).toBe('billing.credit_note_missing');
    const existing = await three.refund(0, { amount: eur(6000), creditNote: 'existing' });
    expect(existing.body).toMatchObject({ status: 'succeeded' });
    // One document is there for one of them, also before anybody has heard of it.
    const twice = await three.refund(0, { amount: eur(6000), creditNote: 'existing' });
    expect(twice.body.code).toBe('billing.credit_note_missing');
    await app.settle();
    expect(await three.notes()).toMatchObject([{ refunded: eur(6000), kept: eur(0) }]);
    await three.balanced();

    // A present without a document is lost.
    const present = { amount: eur(1000), creditNote: 'none', creditNoteReason: 'A present' };
    expect((await three.refund(0, present)).status).toBe(201);
    await app.settle();
    await three.balanced(1000);

    // Nobody voids an invoice whose money is on its way.
    const four = await paid('async_ok:3600000', [12_000]);
    const end = () => post(`/v1/admin/invoices/${four.invoiceId}/voidance`, { reason: 'Wrong' });
    expect((await end()).body.code).toBe('billing.payment_in_progress');
    // Nor credits what is being paid; what has come is taken to it first, and has to go somewhere.
    const less = { amount: eur(1000), reason: 'other' };
    const credited = (id: string) => post(`/v1/admin/invoices/${id}/credit-notes`, less);
    expect((await credited(four.invoiceId)).body.code).toBe('billing.payment_in_progress');
    app.clock.advance({ hours: 2 });
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
    await app.run('billing.repair');
    expect((await end()).body.code).toBe('billing.payment_in_progress');
    expect((await credited(four.invoiceId)).body).toMatchObject({
      ...{ code: 'billing.credit_split_wrong', toSplit: eur(1000) },
    });
    await app.settle();
    expect((await end()).body.code).toBe('billing.invoice_not_open');
  });

  it('have no gap, whatever comes to nothing, and whoever dies in between', async () => {
    const spy = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    for (const place of ['invoice.before_number', 'invoice.after_number']) {
      armFailpoint(place);
      await expect(finalize(planInvoice(1190))).rejects.toThrow('killed');
      const { answer } = await buy(app, [lamp]);
      await app.database.query(`SELECT pg_sleep(0.3)`);
      expect(await invoicesOf(answer.body.id)).toEqual([]);
      armFailpoint(null);
      await app.database.execute(`UPDATE platform.deliveries SET state = state`);
      await app.settle();
      expect(await invoicesOf(answer.body.id)).toMatchObject([{ state: 'paid' }]);
    }
    spy.mockRestore();

    const started = performance.now();
    let made = 0;
    let undone = 0;
    const workers = Array.from({ length: 60 }, async (_, worker) => {
      for (let n = worker; n < FINALISE; n += 60) {
        const dies = (n * 7) % 10 < 3;
        const done = app.database.transaction(async () => {
          await app.app.get(Invoices).finalize(planInvoice(1190));
          if (dies) throw new Error('rolled back');
        });
        await done.then(
          () => made++,
          () => undone++,
        );
      }
    });
    await Promise.all(workers);
    const seconds = (performance.now() - started) / 1000;
    expect([made, undone]).toEqual([FINALISE - undone, Math.round(FINALISE * 0.3)]);
    if (process.env.FINALISE)
      console.log(
        `${made} finalised, ${undone} rolled back, in ${seconds.toFixed(1)} s: ${(made / seconds).toFixed(0)}/s`,
      );

    const register: Body[] = [];
    for (let cursor = ''; ;) {
      const page = await app.get(`/v1/admin/invoice-register?limit=100${cursor}`, { token });
      register.push(...page.body.items);
      if (page.body.nextCursor === null) break;
      cursor = `&cursor=${page.body.nextCursor}`;
    }
    for (const series of new Set(register.map((entry) => entry.series))) {
      const own = register.filter((entry) => entry.series === series);
      expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, index) => index + 1));
      const days = own.map(({ issueDate }) => issueDate);
      expect(days).toEqual([...days].sort());
    }
    expect(register.some(({ state, reason }) => state === 'void' && reason === 'Sent by mistake')).toBe(true);
  });

  it('are waited for by money that comes while the first of an order is being made', async () => {
    const [rows, documents] = [app.app.get(InvoiceRepository), app.app.get(OrderDocuments)];
    const orderId = newId();
    const open: { begin?: () => void; followed?: boolean } = {};
    const begun = new Promise<void>((resolve) => (open.begin = resolve));
    const following = begun.then(() =>
      app.database.transaction(async () => {
        await documents.followMoney({ orderId });
        open.followed = true;
      }),
    );
    await app.database.transaction(async () => {
      // Nothing is committed yet: to look whether there are any would be to find none.
      await rows.lockOrder(orderId, 1);
      open.begin?.();
      await untilWaiting((sql) => app.database.query(sql));
      expect(open.followed).toBeUndefined();
    });
    await following;
    expect(await app.database.transaction(() => rows.lockOrder(orderId, null))).toBe(1);
    expect(await app.database.transaction(() => rows.lockOrder(newId(), null))).toBeNull();
  });

  it('are a loss where a bank took back what they had taken, until it is credited', async () => {
    const [{ order }, { order: sent }, { order: unsent }] = [
      await placed([lamp], { token: 'dispute_lost' }),
      await placed([{ ...lamp, quantity: 2 }, book], { token: 'dispute_lost' }),
      await placed([lamp], { token: 'dispute_lost' }),
    ];
    const total = order.totals.total.amount;
    const send = ({ id }: Body) => post(`/v1/admin/orders/${id}/fulfilments`, {});
    expect((await send(sent)).status).toBe(201);
    const pass = async (time: { days: number; hours?: number }) => {
      app.clock.advance(time);
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.run('billing.catch_up');
      await app.settle();
    };
    await pass({ days: 3, hours: 1 });
    // Nor is it given back in another way beside the bank.
    const [disputed] = await invoicesOf(order.id);
    const inCash = { reason: 'other', amount: eur(total), outOfBand: eur(total) };
    expect((await post(`/v1/admin/invoices/${disputed.id}/credit-notes`, inCash)).body.code).toBe(
      'billing.payment_disputed',
    );
    expect([
      await balance('assets:disputes:test', order.id),
      await balance('expense:bad_debt', order.id),
    ]).toEqual([total, 0]);
    const back = (quantity: number) => ({
      kind: 'return',
      back: [{ lineId: lineOf(sent, lamp).id, quantity, restockAt: 'main' }],
    });
    // What came back is taken back, and its money waits for the bank.
    expect((await send(unsent)).body.code).toBe('ordering.order_not_fulfillable');
    expect(await change(sent.id, back(1))).toMatchObject({ refund: [], difference: eur(-1999) });
    expect(await orderOf(sent.id)).toMatchObject({ amountToRefund: eur(1999) });
    await pass({ days: 8 });
    expect((await invoicesOf(order.id))[0]).toMatchObject({ state: 'paid' });
    for (const [account, sum] of [
      ['assets:disputes:test', 0],
      ['expense:bad_debt', total],
      ['liab:unapplied', 0],
    ])
      expect([account, await balance(String(account), order.id)]).toEqual([account, sum]);
    // The goods stay here: what was charged for them was not owed, so nothing was lost but the fees.
    expect((await post(`/v1/orders/${order.id}/cancellation`, {})).status).toBe(201);
    await app.settle();
    expect(await notesOf(order.id)).toMatchObject([{ total: eur(total), lost: eur(total), kept: eur(0) }]);
    for (const account of ['expense:bad_debt', 'liab:unapplied', 'assets:ar'])
      expect([account, await balance(account, order.id)]).toEqual([account, 0]);
    expect(await orderOf(order.id)).toMatchObject({ status: 'canceled', amountToRefund: eur(0) });

    // What is returned or credited was lost to the bank as far as it has it: nobody gives it back once more.
    expect(await notesOf(sent.id)).toMatchObject([{ total: eur(1999), lost: eur(1999), kept: eur(0) }]);
    expect(await change(sent.id, back(1))).toMatchObject({ refund: [], difference: eur(-1999) });
    const [invoice] = await invoicesOf(sent.id);
    const bookLine = invoice.content.lines.find(({ total: { amount } }: Body) => amount === 1000);
    const note = await post(`/v1/admin/invoices/${invoice.id}/credit-notes`, {
      reason: 'other',
      lines: [{ lineId: bookLine.id }],
    });
    expect(note.body).toMatchObject({ total: eur(1000), lost: eur(1000), kept: eur(0) });
    await app.settle();
    const shipping = sent.totals.total.amount - 2 * 1999 - 1000;
    expect(await balance('expense:bad_debt', sent.id)).toBe(shipping);
    expect(await orderOf(sent.id)).toMatchObject({ amountDue: eur(0), amountToRefund: eur(0) });

    // Whoever pays after all pays what was lost, and only more than that is too much; what is added costs what it costs.
    const cash = await post(`/v1/admin/orders/${unsent.id}/payments`, {
      ...{ method: 'cash', amount: eur(total), reference: key() },
    });
    expect(cash.body).toMatchObject({ paymentStatus: 'paid', overpaid: eur(0) });
    await app.settle();
    expect(await balance('expense:bad_debt', unsent.id)).toBe(0);
    expect(
      await change(unsent.id, { kind: 'edit', add: [{ variantId: book.variantId, quantity: 1 }] }),
    ).toMatchObject({ due: eur(1000) });
    expect(await orderOf(unsent.id)).toMatchObject({ paymentStatus: 'partially_paid', amountDue: eur(1000) });
    expect((await send(unsent)).status).toBe(201);
    for (const { id } of [order, sent, unsent]) expect(await findingsOf(id)).toEqual([]);
    const { items } = (await app.get('/v1/admin/payments/limbo?kind=unapplied&limit=100', { token })).body;
    expect(items.filter(({ orderId }: Body) => [order.id, sent.id].includes(orderId))).toEqual([]);
  });
});
