import { IntegrityRegistry } from '../../src/platform/integrity/integrity.registry.js';
import type { TestApp } from './app.js';
import type { BillingWalk, BillingWorld } from './billing-walk.js';
import type { Answer } from './client.js';
import type { BookedCharge } from './gateway-book.js';
import { DUE_JOBS, faultsOfSubscriptions } from './subscription-truth.js';

type Body = Answer['body'];

/** Until everything that can decide itself has: what nobody knew is asked about by then, what had failed was sent again. */
const PAUSES_MINUTES = [6, 35, 65, 65, 400, 1500, 1500, 1500];

/** Lets everybody hear everything, and time pass, until nothing is under way any more. */
export async function quiet({ app, book }: BillingWorld, walk: BillingWalk): Promise<void> {
  await book.turn({});
  const subscribed = (await walk.subscriptions.ids()).length > 0;
  for (const minutes of PAUSES_MINUTES) {
    await app.settle();
    await walk.wait(minutes);
    const jobs = ['billing.catch_up', 'billing.repair', 'billing.end_holds', 'ordering.expire_orders'];
    for (const job of [...jobs, ...(subscribed ? DUE_JOBS : [])]) {
      await app.run(job);
      await app.settle();
      await app.run('billing.retry_notices');
    }
    await app.settle();
    await app.run('billing.entitlements');
    await app.settle();
    const [row] = await app.database.query<{ open: number }>(UNDER_WAY);
    if (row?.open === 0) return;
  }
}

// A refund that an answer from the gateway has to decide may take days; all else is decided within hours.
const UNDER_WAY = `
  SELECT ((SELECT count(*) FROM billing.operations WHERE status IN ('created', 'unknown') OR (status = 'errored' AND kind <> 'authorize'))
    + (SELECT count(*) FROM billing.operations o JOIN billing.payments p ON p.id = o.payment_id
        WHERE o.status = 'pending' AND o.kind = 'authorize' AND p.status NOT IN ('processing', 'requires_action'))
    + (SELECT count(*) FROM billing.gateway_events WHERE status = 'received')
    + (SELECT count(*) FROM ordering.orders WHERE status = 'pending_payment' AND payment_status IN ('none', 'voided')))::int AS open`;

/** What has to be the same before and after every schedule: differences of the shop and its gateway as a whole. */
export async function differences({ app, book }: BillingWorld): Promise<Record<string, string>> {
  const sums = await app.database.query<{ name: string; sum: string }>(WHOLE);
  const told: Record<string, string> = Object.fromEntries(sums.map(({ name, sum }) => [name, sum]));
  const there = await book.balance();
  for (const currency of new Set([...Object.keys(there), 'EUR', 'USD'])) {
    const name = `clearing ${currency}`;
    told[name] = String(Number(told[name] ?? 0) - (there[currency] ?? 0));
  }
  const registry = app.app.get(IntegrityRegistry);
  for (const check of registry.inTurn().filter(({ code }) => WHOLES.includes(code)))
    for (const found of await check.look(await check.subjects(null, 1000)))
      told[`${check.code} ${found.subjectId}`] = `expected ${found.expected}, found ${found.found}`;
  return told;
}

const WHOLES = ['billing.accounts_backed', 'billing.tax_documents', 'billing.number_gaps'];
// The gateway's fees for disputes are in no movement of its book.
const WHOLE = `
  SELECT 'ledger ' || currency AS name, sum(amount)::text AS sum FROM billing.ledger_entries GROUP BY currency HAVING sum(amount) <> 0
  UNION ALL
  SELECT 'clearing ' || currency, sum(amount)::text FROM (
    SELECT currency, amount FROM billing.ledger_entries WHERE account = 'assets:provider:test:clearing'
    UNION ALL SELECT currency, fee FROM billing.disputes) c GROUP BY currency
  UNION ALL
  SELECT 'held', ((SELECT coalesce(sum(amount), 0) FROM billing.ledger_entries WHERE account = 'memo:authorized')
    - (SELECT coalesce(sum(amount - captured), 0) FROM billing.payments WHERE status = 'authorized'))::text
  UNION ALL
  SELECT 'disputed', ((SELECT coalesce(sum(amount), 0) FROM billing.ledger_entries WHERE account = 'assets:disputes:test')
    - (SELECT coalesce(sum(amount), 0) FROM billing.disputes WHERE status = 'open'))::text
  UNION ALL
  SELECT 'dead deliveries', count(*)::text FROM platform.deliveries WHERE state = 'dead'
  UNION ALL
  SELECT 'notices for a person', count(*)::text FROM billing.gateway_events WHERE status NOT IN ('done', 'received')
  UNION ALL
  SELECT 'two invoices for one period', count(*)::text FROM (
    SELECT FROM billing.invoices i CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l
    WHERE i.state NOT IN ('draft', 'void') AND i.subscription_id IS NOT NULL AND l ->> 'id' LIKE 'cycle-%'
    GROUP BY i.subscription_id, l -> 'period' ->> 'start' HAVING count(*) > 1) t`;

/** All that is wrong with what a schedule has touched, once it is quiet. */
export async function faultsOf(world: BillingWorld, walk: BillingWalk): Promise<string[]> {
  const { app } = world;
  const orderIds = await ordersOf(world, walk);
  const subscriptionIds = await walk.subscriptions.ids();
  const payments = await app.database.query<{ id: string }>(
    `SELECT id FROM billing.payments WHERE order_id = ANY ($1::uuid[]) OR id = ANY ($2::uuid[])
       OR invoice_id IN (SELECT id FROM billing.invoices WHERE subscription_id = ANY ($3::uuid[])) ORDER BY id`,
    [orderIds, walk.charged, subscriptionIds],
  );
  const faults: string[] = [];
  for (const { id } of payments) faults.push(...(await faultsOfPayment(world, id)));
  for (const id of orderIds) faults.push(...(await faultsOfOrder(world, id)));
  const paymentIds = payments.map(({ id }) => id);
  for (const [what, sql] of ROWS)
    for (const row of await app.database.query<object>(sql, [paymentIds]))
      faults.push(`${what}: ${JSON.stringify(row)}`);
  faults.push(...(await faultsOfSubscriptions(world, walk.subscriptions)));
  faults.push(
    ...(await faultsOfPromises(world, walk)),
    ...(await broken(app, paymentIds, orderIds, subscriptionIds)),
  );
  return faults;
}

async function ordersOf({ app }: BillingWorld, { purchases }: BillingWalk): Promise<string[]> {
  const rows = await app.database.query<{ id: string }>(
    'SELECT id FROM ordering.orders WHERE cart_id = ANY ($1::uuid[]) ORDER BY id',
    [purchases.map(({ cart }) => cart.id)],
  );
  return rows.map(({ id }) => id);
}

/** A payment beside what the gateway itself has of each of its charges. */
async function faultsOfPayment({ app, book, staff }: BillingWorld, id: string): Promise<string[]> {
  const { body: payment } = await app.get(`/v1/admin/payments/${id}`, { token: staff });
  if (payment.kind !== 'card') return [];
  const faults: string[] = [];
  const fault = (what: string) => faults.push(`payment ${id} (${payment.status}): ${what}`);
  const charges = new Map<string, BookedCharge>();
  // What became store credit asks no gateway.
  const [paidOut] = await app.database.query<{ own: number }>(
    `SELECT coalesce(sum(amount), 0)::int AS own FROM billing.refunds
     WHERE payment_id = $1 AND operation_id IS NULL AND charge_id IS NULL AND status = 'succeeded'`,
    [id],
  );
  const own = paidOut?.own ?? 0;
  for (const operation of payment.operations as Body[]) {
    const charge = await book.chargeOf(operation.id);
    if (charge) charges.set(charge.ref, charge);
    const booked = charge?.operations.find(({ operationId }) => operationId === operation.id) ?? null;
    const odd = differenceOf(operation, booked, charges.get(operation.gatewayRef) ?? null);
    if (odd) fault(`${operation.kind} ${operation.id}: ${odd}`);
  }
  for (const charge of charges.values()) {
    const { ref, amount, captured, refunded, status, currency } = charge;
    if (captured > amount) fault(`${ref}: captured ${captured} of ${amount}`);
    if (refunded > captured) fault(`${ref}: refunded ${refunded} of ${captured}`);
    for (const { operationId, kind } of charge.operations)
      if (!payment.operations.some((one: Body) => one.id === operationId))
        fault(`${ref}: the gateway did a ${kind} that nobody here asked for`);
    const told = { captured: payment.captured.amount, refunded: payment.refunded.amount - own };
    const late = payment.lateCharges.find((one: Body) => one.gatewayRef === ref);
    if (late !== undefined) {
      const said = [late.captured.amount, late.captured.currency, late.refunded.amount].join();
      if (said !== [captured, currency, refunded].join())
        fault(`${ref} came late: here ${said}, there ${captured} ${currency}, ${refunded} back`);
      const stays = captured - refunded > 0 && payment.status !== 'requires_review';
      if (stays && !isExcused(payment, charge)) fault(`${ref} came late, and its money stays`);
    } else if (ref === payment.gatewayRef) {
      if (told.captured !== captured || told.refunded !== refunded)
        fault(`here ${JSON.stringify(told)}, there ${captured} captured, ${refunded} refunded`);
      const by = (wanted: string) =>
        charge.disputes.reduce((sum, one) => sum + (one.status === wanted ? one.amount : 0), 0);
      const [open, lost] = [payment.disputed.amount, payment.disputeLost.amount];
      if (open !== by('open') || lost !== by('lost'))
        fault(`disputed here ${open}, ${lost} lost; there ${by('open')}, ${by('lost')}`);
      if (!STANDS[payment.status]?.includes(status)) fault(`the charge is ${status}`);
      if (payment.status === 'captured' && captured === 0) fault('nothing was captured');
    } else if (captured > 0) fault(`${ref} took ${captured}, and nobody here knows`);
    const counts = ref === payment.gatewayRef && ['authorized', 'requires_action'].includes(payment.status);
    if ((status === 'authorized' || status === 'requires_action') && !counts)
      fault(`${ref} is still ${status}`);
  }
  if (payment.captured.amount > 0 && !charges.has(payment.gatewayRef)) fault('captured from no charge');
  return faults;
}

/** What a charge may be at the gateway when its payment has come to this. */
const STANDS: Readonly<Record<string, readonly string[]>> = {
  requires_payment_method: ['declined', 'voided', 'requires_action'],
  requires_action: ['requires_action', 'declined'],
  authorized: ['authorized'],
  captured: ['captured'],
  canceled: ['voided', 'declined', 'captured'],
  requires_review: ['captured'],
  processing: ['processing'],
};

/** A refund that the gateway or a bank has refused is for a person. */
const isExcused = (payment: Body, { disputes }: Pick<BookedCharge, 'disputes'>): boolean =>
  disputes.length > 0 ||
  payment.operations.some(({ kind, status }: Body) => kind === 'refund' && status === 'failed');

type Booked = BookedCharge['operations'][number];

/** What is odd about an operation beside what the gateway says of it. */
function differenceOf(operation: Body, booked: Booked | null, charge: BookedCharge | null): string | null {
  const { kind, status, code } = operation;
  const there = booked ? `${booked.status}${booked.code ? ` (${booked.code})` : ''}` : 'nothing';
  switch (status) {
    case 'succeeded':
      // A hold that the gateway let go by itself has no operation of ours.
      if (booked === null && kind === 'void' && charge !== null && charge.status !== 'authorized')
        return null;
      if (booked?.status !== 'succeeded') return `done here, ${there} there`;
      return kind !== 'authorize' && kind !== 'void' && booked.amount !== operation.amount.amount
        ? `${operation.amount.amount} here, ${booked.amount} there`
        : null;
    case 'failed':
      // What was replaced by another attempt may have come true since; its money is a late charge then.
      return booked?.status === 'succeeded' ? `failed here (${code}), done there` : null;
    case 'errored':
      return kind === 'authorize' && booked?.status !== 'succeeded'
        ? null
        : `errored here (${code}), ${there} there`;
    case 'pending':
      return booked?.status === 'pending' ? null : `pending here, ${there} there`;
    default:
      return `${status} here (${code}, checked next ${operation.nextCheckAt}), ${there} there`;
  }
}

/** An order that is over keeps no money, unless a person has to see to it; one that goes on says what its payments say. */
async function faultsOfOrder({ app, staff }: BillingWorld, id: string): Promise<string[]> {
  const { body: order } = await app.get(`/v1/admin/orders/${id}`, { token: staff });
  const faults: string[] = [];
  const isOver = order.status === 'canceled' || order.status === 'expired';
  for (const { id: paymentId } of order.payments) {
    const { body: payment } = await app.get(`/v1/admin/payments/${paymentId}`, { token: staff });
    const stays = payment.captured.amount - payment.refunded.amount;
    const seen = { disputes: payment.disputed.amount + payment.disputeLost.amount > 0 ? [{}] : [] };
    const refused = (
      await app.get(`/v1/admin/refunds?paymentId=${paymentId}`, { token: staff })
    ).body.items.some(({ status }: Body) => status === 'failed' || status === 'pending');
    const excused = refused || isExcused({ operations: [], ...payment }, seen as never);
    if (isOver && (payment.status === 'authorized' || payment.status === 'requires_action'))
      faults.push(`order ${order.number} is ${order.status}, and payment ${paymentId} ${payment.status}`);
    if (isOver && payment.status !== 'requires_review' && stays > 0 && !excused)
      faults.push(`order ${order.number} is ${order.status}, and ${stays} of payment ${paymentId} stays`);
  }
  return faults;
}

/** Refunds that somebody was told of are there, once, and as told. */
async function faultsOfPromises({ app }: BillingWorld, walk: BillingWalk): Promise<string[]> {
  const promised = new Map([...walk.promised, ...walk.subscriptions.promised]);
  const rows = await app.database.query<{ id: string; amount: string }>(
    'SELECT id, amount FROM billing.refunds WHERE id = ANY ($1::uuid[])',
    [[...promised.keys()]],
  );
  const there = new Map(rows.map(({ id, amount }) => [id, Number(amount)]));
  return [...promised].flatMap(([id, amount]) =>
    there.get(id) === amount ? [] : [`refund ${id} of ${amount} was promised, and is ${there.get(id)}`],
  );
}

const ROWS: readonly [what: string, sql: string][] = [
  [
    'a payment took or gave back more than it could',
    `SELECT id, status, amount, captured, capture_reserved, refund_reserved, refunded FROM billing.payments
     WHERE id = ANY ($1::uuid[]) AND (refunded > captured OR refund_reserved > captured OR refunded > refund_reserved
       OR (captured > amount AND review_reason IS NULL)
       OR (status IN ('captured', 'canceled') AND capture = 'manual' AND capture_reserved NOT IN (0, captured)))`,
  ],
  [
    'an invoice waits for money that is there',
    `SELECT DISTINCT i.number, i.total, i.settled, p.id, p.captured FROM billing.invoices i
     JOIN billing.payments p ON p.order_id = i.order_id OR p.invoice_id = i.id
     WHERE p.id = ANY ($1::uuid[]) AND i.state = 'open' AND i.settled < i.total AND p.status NOT IN ('canceled', 'requires_review')
       AND p.captured > (SELECT coalesce(sum(amount), 0) FROM billing.invoice_settlements WHERE source_id = p.id AND kind = 'payment')`,
  ],
  [
    'an invoice counts money that was not captured',
    `SELECT p.id, p.status, p.captured, sum(s.amount) AS settled FROM billing.payments p
     JOIN billing.invoice_settlements s ON s.source_id = p.id AND s.kind = 'payment'
     WHERE p.id = ANY ($1::uuid[]) GROUP BY p.id HAVING sum(s.amount) > p.captured`,
  ],
  [
    'more went back than was there, or all went back and some is still owed',
    `WITH orders AS (SELECT DISTINCT order_id AS id FROM billing.payments WHERE id = ANY ($1::uuid[]) AND order_id IS NOT NULL)
     SELECT o.id, b.currency, b.short::text, b.stays::text FROM orders o CROSS JOIN LATERAL (
       SELECT e.currency, sum(e.amount) AS short, coalesce(-sum(e.amount) FILTER (WHERE t.source_type = 'refund'
           OR t.kind IN ('payment_captured', 'gift_card_redeemed', 'store_credit_spent')), 0) AS stays
       FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
       WHERE t.order_id = o.id AND e.account = 'liab:unapplied' GROUP BY e.currency
     ) b
     -- What the gateway has not decided is taken from there already, and its credit note comes when it is.
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(r.amount), 0) AS amount FROM billing.refunds r
      WHERE r.order_id = o.id AND r.currency = b.currency AND r.status = 'pending'
    ) undecided
    WHERE b.short > undecided.amount OR (b.stays = 0 AND b.short NOT BETWEEN 0 AND undecided.amount)`,
  ],
];

/** What the integrity checks find about these. */
async function broken(
  app: TestApp,
  paymentIds: string[],
  orderIds: string[],
  subscriptionIds: string[],
): Promise<string[]> {
  const invoices = await app.database.query<{ id: string }>(
    `SELECT id FROM billing.invoices WHERE order_id = ANY ($1::uuid[]) OR subscription_id = ANY ($3::uuid[])
       OR id IN (SELECT invoice_id FROM billing.payments WHERE id = ANY ($2::uuid[]))`,
    [orderIds, paymentIds, subscriptionIds],
  );
  const subjects: Record<string, string[]> = {
    payment: paymentIds,
    order: orderIds,
    subscription: subscriptionIds,
    invoice: invoices.map(({ id }) => id),
  };
  const found: (Finding & { code: string; expected: string; found: string })[] = [];
  for (const { code, subjectType, look } of app.app.get(IntegrityRegistry).inTurn())
    for (const one of await look(subjects[subjectType] ?? [])) found.push({ check: code, code, ...one });
  return (await unexcused(app, found)).map(
    ({ code, subjectId, expected, found }) => `${code} ${subjectId}: expected ${expected}, found ${found}`,
  );
}

interface Finding {
  check: string;
  subjectId: string;
}

/** Findings but those that are for a person: of orders that keep money which the gateway, a bank or the till would not give back. */
export async function unexcused<F extends Finding>(
  { database }: TestApp,
  findings: readonly F[],
): Promise<F[]> {
  const excused = await database.query<{ id: string }>(FOR_PERSONS);
  return findings.filter(
    ({ check, subjectId }) => check !== 'ordering.order_money' || !excused.some(({ id }) => id === subjectId),
  );
}

const FOR_PERSONS = `
  SELECT id FROM ordering.orders o WHERE (EXISTS (SELECT FROM billing.refunds r WHERE r.order_id = o.id AND r.status = 'failed')
      OR EXISTS (SELECT FROM billing.disputes d WHERE d.order_id = o.id))`;
