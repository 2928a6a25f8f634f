import { LEFTOVER_MEMO } from '../../src/billing/subscription/leftover-credits.service.js';
import { entitlementOf } from '../../src/billing/subscription/lifecycle.js';
import type { TestApp } from './app.js';
import type { SubscriptionWalk, SubscriptionWorld } from './subscription-walk.js';

/** What is due of subscriptions by now is done by these. */
export const DUE_JOBS = [
  ...['billing.expire_subscriptions', 'billing.renew_subscriptions', 'billing.collect'],
  'billing.recognise_revenue',
] as const;

/** All that is wrong with the subscriptions of a schedule, once it is quiet. */
export async function faultsOfSubscriptions(
  world: SubscriptionWorld,
  walk: SubscriptionWalk,
): Promise<string[]> {
  const { app } = world;
  const ids = await walk.ids();
  const faults: string[] = [];
  for (const [what, sql] of ROWS)
    for (const row of await app.database.query<object>(
      sql,
      [ids, app.clock.now()].slice(0, sql.includes('$2') ? 2 : 1),
    ))
      faults.push(`${what}: ${JSON.stringify(row)}`);
  for (const id of ids)
    faults.push(...(await faultsOfDays(app, id, walk)), ...(await faultsOfUse(world, id)));
  faults.push(...(await faultsOfQuotes(app, walk)));
  for (const { subscriptionId, periodStart, foreseen, billed } of walk.forecasts)
    if (foreseen !== billed)
      faults.push(
        `subscription ${subscriptionId}, ${periodStart}: ${billed} was billed, and ${foreseen} was shown`,
      );
  return faults;
}

const OF = `SELECT s.id, s.state FROM billing.subscriptions s WHERE s.id = ANY ($1::uuid[])`;
/** A payment of an invoice that nobody knows the end of: at the bank, or with a person. */
const UNDECIDED = `EXISTS (SELECT FROM billing.payments p WHERE p.invoice_id = i.id AND p.status IN ('processing', 'requires_review'))`;
const OWES = `EXISTS (SELECT FROM billing.invoices i WHERE i.subscription_id = s.id AND i.state = 'open')`;
/** What nobody has paid, and nobody waits for any more: nothing was paid since. */
const GIVEN_UP = `EXISTS (SELECT FROM billing.invoices i WHERE i.subscription_id = s.id AND i.state = 'uncollectible')`;
/** A period that begins behind the end of all that were billed before it. */
const HOLES = `(SELECT count(*) FROM (SELECT p.period_start, max(p.period_end) OVER (ORDER BY p.period_start, p.schedule_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM billing.invoice_periods p WHERE p.subscription_id = s.id) o
  WHERE period_start > before)`;

const ROWS: readonly [what: string, sql: string][] = [
  [
    'a period of a schedule was left out',
    `SELECT s.id, p.schedule_no, array_agg(p.period_index ORDER BY p.period_index) AS periods FROM billing.subscriptions s
     JOIN billing.invoice_periods p ON p.subscription_id = s.id WHERE s.id = ANY ($1::uuid[]) GROUP BY s.id, p.schedule_no
     HAVING max(p.period_index) - min(p.period_index) + 1 <> count(*) OR min(p.period_index) NOT IN (-1, 0)`,
  ],
  [
    'days were skipped, and nobody had paused',
    `${OF} AND ${HOLES} > (SELECT count(*) FROM platform.events e WHERE e.type = 'billing.subscription_moved'
       AND e.payload ->> 'subscriptionId' = s.id::text AND e.payload ->> 'from' IN ('paused', 'unpaid') AND e.payload ->> 'to' = 'active')`,
  ],
  [
    'a period has no invoice, or its invoice has several',
    `SELECT p.subscription_id, p.period_start::text, p.invoice_id FROM billing.invoice_periods p
     WHERE p.subscription_id = ANY ($1::uuid[]) AND (p.invoice_id IS NULL OR p.invoice_id IN (SELECT invoice_id
       FROM billing.invoice_periods WHERE subscription_id = ANY ($1::uuid[]) GROUP BY invoice_id HAVING count(*) > 1))`,
  ],
  [
    'what is due is not billed, or not where the last period ends',
    `SELECT s.id, s.state, s.next_bill_at, s.next_period, p.last, p.ends::text FROM billing.subscriptions s CROSS JOIN LATERAL (
       SELECT max(period_index) AS last, max(period_end) AS ends FROM billing.invoice_periods
       WHERE subscription_id = s.id AND schedule_no = s.schedule_no) p
     WHERE s.id = ANY ($1::uuid[]) AND s.state IN ('trialing', 'active', 'past_due') AND s.parked_reason IS NULL
       AND (s.next_bill_at IS NULL OR s.next_bill_at <= $2 OR s.next_period <> coalesce(p.last + 1, 0)
         OR (s.next_bill_at AT TIME ZONE s.zone)::date <> coalesce(p.ends, s.anchor_date))`,
  ],
  [
    'it waits for a person, and has not been forgotten for long',
    `SELECT s.id, s.parked_reason FROM billing.subscriptions s
     WHERE s.id = ANY ($1::uuid[]) AND s.parked_reason NOT LIKE '%periods were not billed'`,
  ],
  [
    'it owes nothing, and says so otherwise',
    `${OF} AND s.state IN ('incomplete', 'past_due', 'unpaid') AND NOT ${OWES} AND NOT ${GIVEN_UP}`,
  ],
  ['it has not begun, and owes all the same', `${OF} AND s.state = 'incomplete_expired' AND ${OWES}`],
  [
    'an attempt to collect has failed, and it is not past due',
    `${OF} AND s.state IN ('active', 'trialing') AND EXISTS (SELECT FROM billing.invoices i JOIN billing.collections c ON c.invoice_id = i.id
       WHERE i.subscription_id = s.id AND i.state = 'open' AND c.first_failed_at IS NOT NULL)`,
  ],
  [
    'it waits for its first payment for too long',
    `${OF} AND s.state = 'incomplete' AND s.expires_at <= $2
       AND NOT EXISTS (SELECT FROM billing.invoices i WHERE i.subscription_id = s.id AND i.state = 'open' AND ${UNDECIDED})`,
  ],
  [
    'an invoice was paid more than once',
    `SELECT i.id, i.number, i.total::text, sum(p.captured - p.refund_reserved)::text AS paid FROM billing.invoices i
     JOIN billing.payments p ON p.invoice_id = i.id WHERE i.subscription_id = ANY ($1::uuid[]) AND p.review_reason IS NULL
     GROUP BY i.id HAVING sum(p.captured - p.refund_reserved) > i.total`,
  ],
  [
    'money stays for an invoice that nobody owes',
    `SELECT i.id, i.number, p.id AS payment, p.status, p.captured::text, p.refunded::text FROM billing.invoices i
     JOIN billing.payments p ON p.invoice_id = i.id WHERE i.subscription_id = ANY ($1::uuid[]) AND i.state = 'void'
       AND p.status <> 'requires_review' AND p.captured > p.refund_reserved AND p.disputed = 0 AND p.dispute_lost = 0
       AND NOT EXISTS (SELECT FROM billing.refunds r WHERE r.payment_id = p.id AND r.status = 'failed')`,
  ],
  [
    'a hold or a page of the bank is left of an invoice that nobody owes',
    `SELECT i.id, i.number, i.state, p.id AS payment, p.status FROM billing.invoices i JOIN billing.payments p ON p.invoice_id = i.id
     WHERE i.subscription_id = ANY ($1::uuid[]) AND i.state IN ('void', 'paid')
       AND (p.status = 'authorized' OR (p.status = 'requires_action' AND p.next_action_url IS NOT NULL))`,
  ],
  [
    'a collection does not say what its invoice says, or is forgotten',
    `SELECT i.id, i.number, i.state, c.state AS collection, c.step_at, c.extra_at FROM billing.invoices i
     JOIN billing.collections c ON c.invoice_id = i.id WHERE i.subscription_id = ANY ($1::uuid[]) AND CASE i.state
       WHEN 'paid' THEN c.state <> 'paid' WHEN 'void' THEN c.state <> 'stopped' WHEN 'uncollectible' THEN c.state <> 'stopped'
       ELSE c.state NOT IN ('collecting', 'ended') OR (c.state = 'collecting' AND c.step_at IS NULL AND c.extra_at IS NULL
         AND NOT ${UNDECIDED} AND NOT EXISTS (SELECT FROM billing.collection_attempts a JOIN billing.operations o ON o.id = a.operation_id
           JOIN billing.payments p ON p.id = o.payment_id
           WHERE a.invoice_id = i.id AND a.outcome IS NULL AND p.status = 'requires_action')) END`,
  ],
  [
    'a day is over, and is not earned',
    `SELECT r.invoice_id, r.line_id, r.next_day::text FROM billing.revenue_schedules r WHERE r.subscription_id = ANY ($1::uuid[])
       AND r.next_day < r.to_day AND r.next_day < ($2::timestamptz AT TIME ZONE 'UTC')::date`,
  ],
  [
    'an attempt to collect was decided, and nobody heard of it',
    `SELECT a.invoice_id, a.kind, o.status FROM billing.collection_attempts a JOIN billing.operations o ON o.id = a.operation_id
     JOIN billing.invoices i ON i.id = a.invoice_id
     WHERE i.subscription_id = ANY ($1::uuid[]) AND a.outcome IS NULL AND o.status NOT IN ('created', 'pending', 'unknown')`,
  ],
];

interface Line {
  readonly kind: string;
  readonly start: string;
  /** The day after the last one. */
  readonly end: string;
  readonly explain: string;
}

/** Every day of every period is charged once: what a change gives back of it is charged by what comes instead. */
async function faultsOfDays(app: TestApp, id: string, walk: SubscriptionWalk): Promise<string[]> {
  // Another interval without proration begins a period in whole and counts nothing of the old one (3.5: `none`).
  if (
    walk.confirmed.some((one) => one.subscriptionId === id && one.behaviour === 'none' && one.bills === 'now')
  )
    return [];
  const lines = await app.database.query<Line>(LINES, [id]);
  const days = await app.database.query<{ day: string }>(DAYS, [id]);
  const charged = new Map(days.map(({ day }) => [day, 0]));
  for (const { kind, start, end, explain } of lines)
    for (let at = Date.parse(start); at < Date.parse(end); at += 86_400_000) {
      const day = new Date(at).toISOString().slice(0, 10);
      charged.set(day, (charged.get(day) ?? 0) + (kind === 'credit' ? -partOf(explain) : 1));
    }
  const given = new Map(
    (await app.database.query<{ day: string; part: string }>(GIVEN_BACK, [id])).map(({ day, part }) => [
      day,
      Number(part),
    ]),
  );
  // What documents have given back no change gives back as well; cents are shares of a day only nearly.
  const odd = [...charged].filter(([day, times]) => {
    const surplus = times - (days.some((one) => one.day === day) ? 1 : 0);
    const allowed = given.get(day) ?? 0;
    return surplus < -1e-6 || surplus > allowed + (allowed > 0 ? 0.02 : 1e-6);
  });
  if (odd.length === 0) return [];
  return [
    `subscription ${id}: days were not charged once: ${JSON.stringify(odd)} by ${JSON.stringify(lines)}`,
  ];
}

/** How much of a credit a line is that an invoice could not take as a whole: `…; of 5.00 EUR 2.00 EUR here`. */
const partOf = (explain: string): number =>
  [...explain.matchAll(/; of ([\d.]+) EUR ([\d.]+) EUR here/g)].reduce(
    (part, [, whole, here]) => (part * Number(here)) / Number(whole),
    1,
  );

const LINES = `
  SELECT split_part(l ->> 'id', '-', 1) AS kind, l -> 'period' ->> 'start' AS start,
    ((l -> 'period' ->> 'end')::date + 1)::text AS "end", coalesce(l ->> 'explain', '') AS explain
  FROM billing.invoices i CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l
  WHERE i.subscription_id = $1 AND split_part(l ->> 'id', '-', 1) IN ('cycle', 'credit', 'debit')
  UNION ALL
  SELECT line ->> 'kind', line -> 'period' ->> 'start', line -> 'period' ->> 'end', coalesce(line ->> 'explain', '') || CASE
    WHEN line ? 'whole' THEN format('; of %s EUR %s EUR here', line -> 'whole' ->> 'amount', line -> 'unitPrice' ->> 'amount') ELSE '' END
  FROM billing.subscription_pending_lines
  WHERE subscription_id = $1 AND invoice_id IS NULL AND line ->> 'kind' IN ('cycle', 'credit', 'debit')`;
/** Which part of the charges of a day credit notes have given back, or is void; what was left of a change at the end is its credit. */
const GIVEN_BACK = `
  SELECT d::date::text AS day, sum(CASE WHEN i.state = 'void' THEN 1 ELSE c.part END)::text AS part
  FROM billing.invoices i CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l
  CROSS JOIN LATERAL (
    SELECT coalesce(sum((n ->> 'amount')::numeric) / nullif((l -> 'total' ->> 'amount')::numeric, 0), 0) AS part
    FROM (SELECT e -> 'total' AS n FROM billing.credit_notes cn CROSS JOIN LATERAL jsonb_array_elements(cn.content -> 'lines') AS e
      WHERE cn.invoice_id = i.id AND e ->> 'id' = l ->> 'id' AND cn.memo IS DISTINCT FROM '${LEFTOVER_MEMO}') AS noted
  ) c
  CROSS JOIN LATERAL generate_series((l -> 'period' ->> 'start')::date, (l -> 'period' ->> 'end')::date, interval '1 day') AS d
  WHERE i.subscription_id = $1 AND split_part(l ->> 'id', '-', 1) IN ('cycle', 'debit') GROUP BY 1`;
// Where a change has begun another schedule, the days behind it are those of that one.
const DAYS = `
  SELECT DISTINCT d::date::text AS day FROM billing.invoice_periods p
  CROSS JOIN LATERAL (SELECT least(p.period_end, min(n.period_start)) AS ends FROM billing.invoice_periods n
    WHERE n.subscription_id = p.subscription_id AND n.schedule_no > p.schedule_no) e
  CROSS JOIN LATERAL generate_series(p.period_start, e.ends - 1, interval '1 day') AS d WHERE p.subscription_id = $1`;

/** What a subscription entitles to is what its state and its debts say, wherever it is said. */
async function faultsOfUse({ app, staff }: SubscriptionWorld, id: string): Promise<string[]> {
  const { body } = await app.get(`/v1/admin/subscriptions/${id}`, { token: staff });
  const [told] = await app.database.query<{ entitlement: string; said: string | null }>(
    `SELECT e.entitlement, (SELECT v.payload ->> 'entitlement' FROM platform.events v WHERE v.type = 'billing.entitlement_changed'
       AND v.payload ->> 'subscriptionId' = $1::text ORDER BY v.position DESC LIMIT 1) AS said
     FROM billing.entitlements e WHERE e.subscription_id = $1::uuid`,
    [id],
  );
  const [owed] = await app.database.query<{ days: number }>(OVERDUE, [id, app.clock.now()]);
  const due = entitlementOf(body.state, owed?.days ?? 0, { restrictAfterDays: 10, blockAfterDays: 14 });
  const all = [body.entitlement, told?.entitlement, told?.said];
  return all.every((one) => one === due)
    ? []
    : [`subscription ${id} is ${body.state} and entitles to ${due}; it is said to be ${JSON.stringify(all)}`];
}

/** The invoice was given up while its subscription was past due, as it is now. */
const SINCE_PAST_DUE = `(SELECT max(e.position) FROM platform.events e WHERE e.type = 'billing.subscription_moved'
    AND e.payload ->> 'subscriptionId' = $1::text)
  < (SELECT max(e.position) FROM platform.events e WHERE e.type = 'billing.invoice_moved'
    AND e.payload ->> 'invoiceId' = i.id::text AND e.payload ->> 'state' = 'uncollectible')`;
const OVERDUE = `
  SELECT (($2::timestamptz AT TIME ZONE 'UTC')::date
    - min(CASE WHEN c.invoice_id IS NULL THEN i.due_date ELSE i.issue_date END)) AS days
  FROM billing.invoices i LEFT JOIN billing.collections c ON c.invoice_id = i.id
  WHERE i.subscription_id = $1 AND (i.state = 'open' OR i.state = 'uncollectible' AND ${SINCE_PAST_DUE})`;

/** What was confirmed was billed as it was shown, once. */
async function faultsOfQuotes({ database }: TestApp, { confirmed }: SubscriptionWalk): Promise<string[]> {
  const faults: string[] = [];
  const taken = new Set<string>();
  for (const { subscriptionId, quote, bills, dueNow, lines } of confirmed) {
    if (confirmed.filter((one) => one.quote === quote).length > 1)
      faults.push(`${quote} was confirmed twice`);
    if (bills !== 'now' || lines.length === 0) continue;
    const invoices = await database.query<{
      id: string;
      total: string;
      lines: { title: string; total: number }[];
    }>(
      `SELECT i.id, i.total::text, (SELECT jsonb_agg(jsonb_build_object('title', l -> 'title', 'total', l -> 'total' -> 'amount'))
         FROM jsonb_array_elements(i.content -> 'lines') AS l) AS lines FROM billing.invoices i WHERE i.subscription_id = $1`,
      [subscriptionId],
    );
    const charged = lines.filter(({ amount }) => amount > 0);
    const own = invoices.find(
      (one) =>
        !taken.has(one.id) &&
        Number(one.total) === dueNow &&
        charged.every(({ title, amount }) =>
          one.lines.some((line) => line.title === title && line.total === amount),
        ),
    );
    if (own) taken.add(own.id);
    else if (charged.length > 0)
      faults.push(
        `subscription ${subscriptionId}: ${JSON.stringify(lines)} for ${dueNow} was confirmed, and is not billed`,
      );
  }
  return faults;
}
