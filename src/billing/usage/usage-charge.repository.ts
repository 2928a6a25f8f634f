import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import type { PlanTax } from '../plan/plan.js';
import type { ChargedBefore, ComponentCharge, SettledCharge, UsageTotal, UsageWindow } from './usage.js';

type TotalRow = Omit<UsageTotal, 'sum' | 'max' | 'last'> & { sum: string; max: string; last: string };
/** What a charge says beyond what is counted. */
type Said = Pick<
  ComponentCharge,
  'title' | 'aggregation' | 'events' | 'planVersionId' | 'tax' | 'explain'
> & {
  included: string;
  whole: MoneyJson;
};
interface BeforeRow {
  component: string;
  until: Date;
  amount: string;
  off: string;
  first: { amount: string; off: string } | null;
  tax: PlanTax;
}
interface ChargeRow {
  component: string;
  from: Date;
  until: Date;
  settledUntil: Date;
  quantity: string;
  amount: string;
  charge: Said;
}

/** A window whose usage was charged. */
export interface SettledWindow extends UsageWindow {
  readonly invoiceId: string | null;
  readonly settledAt: Date;
  readonly charges: SettledCharge[];
}

/** What was used in stretches of time, and what was charged for it. Under the lock of the subscription when it is written. */
@Injectable()
export class UsageChargeRepository {
  constructor(private readonly database: Database) {}

  /** Up to when the usage of a subscription is charged: from its beginning at first. */
  async settledUntil(subscriptionId: string): Promise<Date> {
    const [row] = await this.database.query<{ at: Date }>(SETTLED_UNTIL, [subscriptionId]);
    if (row === undefined) throw new Error(`there is no subscription ${subscriptionId}`);
    return row.at;
  }

  /**
   * All that is to be charged next, counted by one statement: the components in the window, and each in the windows before it of
   * which something came late since the last one was settled.
   */
  async totals(
    subscriptionId: string,
    { from, until }: UsageWindow,
    components: readonly string[],
  ): Promise<UsageTotal[]> {
    const rows = await this.database.query<TotalRow>(TOTALS, [subscriptionId, from, until, components]);
    return rows.map(({ sum, max, last, ...row }) => ({
      ...row,
      sum: BigInt(sum),
      max: BigInt(max),
      last: BigInt(last),
    }));
  }

  /** What was charged for components in windows that are settled; the key is `keyOf`. */
  async charged(
    subscriptionId: string,
    untils: readonly Date[],
    currency: string,
  ): Promise<Map<string, ChargedBefore>> {
    const rows = await this.database.query<BeforeRow>(
      `SELECT component, until_at AS until, sum(amount)::text AS amount, sum(taken_off)::text AS off,
         (array_agg(jsonb_build_object('amount', amount::text, 'off', taken_off::text) ORDER BY settled_until)
           FILTER (WHERE amount <> 0))[1] AS first,
         (array_agg(charge -> 'tax' ORDER BY settled_until))[1] AS tax
       FROM billing.usage_charges WHERE subscription_id = $1 AND until_at = ANY ($2::timestamptz[])
       GROUP BY component, until_at`,
      [subscriptionId, untils],
    );
    const money = (minor: string) => Money.of(BigInt(minor), currency);
    return new Map(
      rows.map(({ amount, off, first, tax, ...row }) => [
        keyOf(row),
        {
          ...{ amount: money(amount), off: money(off), tax },
          first: first && { amount: money(first.amount), off: money(first.off) },
        },
      ]),
    );
  }

  async settle(
    subscriptionId: string,
    { from, until }: UsageWindow,
    charges: readonly ComponentCharge[],
    invoiceId: string | null,
    now: Date,
  ): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.usage_windows (subscription_id, from_at, until_at, invoice_id, settled_at)
       VALUES ($1, $2, $3, $4, $5)`,
      [subscriptionId, from, until, invoiceId, now],
    );
    const rows = charges.map(
      ({ title, aggregation, events, included, whole, planVersionId, tax, explain, ...one }) => ({
        component: one.component,
        ...{ from_at: one.from, until_at: one.until },
        ...{ quantity: one.quantity.toString(), amount: one.amount.amount.toString() },
        taken_off: one.off.amount.toString(),
        charge: {
          ...{ title, aggregation, events, planVersionId, tax, explain },
          ...{ included: included.toString(), whole: whole.toJSON() },
        } satisfies Said,
      }),
    );
    await this.database.execute(
      `INSERT INTO billing.usage_charges (subscription_id, settled_until, component, from_at, until_at, quantity, amount, taken_off, charge)
       SELECT $1, $2, r.* FROM jsonb_to_recordset($3::jsonb)
         AS r (component text, from_at timestamptz, until_at timestamptz, quantity numeric, amount bigint, taken_off bigint, charge jsonb)`,
      [subscriptionId, until, JSON.stringify(rows)],
    );
  }

  /** A page of what is settled, the newest first. */
  async settled(
    subscriptionId: string,
    currency: string,
    before: Date | null,
    limit: number,
  ): Promise<SettledWindow[]> {
    const windows = await this.database.query<Omit<SettledWindow, 'charges'>>(
      `SELECT from_at AS "from", until_at AS until, invoice_id AS "invoiceId", settled_at AS "settledAt"
       FROM billing.usage_windows WHERE subscription_id = $1 AND ($2::timestamptz IS NULL OR until_at < $2)
       ORDER BY until_at DESC LIMIT $3`,
      [subscriptionId, before, limit],
    );
    const charges = await this.database.query<ChargeRow>(
      `SELECT component, from_at AS "from", until_at AS until, settled_until AS "settledUntil", quantity::text, amount::text, charge
       FROM billing.usage_charges WHERE subscription_id = $1 AND settled_until = ANY ($2::timestamptz[])
       ORDER BY until_at DESC, component`,
      [subscriptionId, windows.map(({ until }) => until)],
    );
    return windows.map((window) => ({
      ...window,
      charges: charges
        .filter(({ settledUntil }) => settledUntil.getTime() === window.until.getTime())
        .map((row) => toCharge(row, currency)),
    }));
  }
}

export const keyOf = ({ component, until }: { component: string; until: Date }): string =>
  `${until.toISOString()} ${component}`;

const toCharge = (
  { charge, settledUntil, quantity, amount, ...row }: ChargeRow,
  currency: string,
): SettledCharge => ({
  ...row,
  ...charge,
  quantity: BigInt(quantity),
  amount: Money.of(BigInt(amount), currency),
  included: BigInt(charge.included),
  whole: Money.fromJSON(charge.whole),
  late: row.until < settledUntil,
});

const SETTLED_UNTIL = `
  SELECT coalesce((SELECT max(w.until_at) FROM billing.usage_windows w WHERE w.subscription_id = s.id), s.created_at) AS at
  FROM billing.subscriptions s WHERE s.id = $1`;
const OF_IT = `e.subscription_id = $1 AND e.component = w.component AND e.used_at >= w.from_at AND e.used_at < w.until_at`;
const TOTALS = `
  WITH wanted AS (
    SELECT $2::timestamptz AS from_at, $3::timestamptz AS until_at, c.component
    FROM unnest($4::text[]) AS c (component)
    UNION ALL
    SELECT DISTINCT w.from_at, w.until_at, e.component
    FROM billing.usage_events e
    JOIN billing.usage_windows w ON w.subscription_id = $1 AND w.from_at <= e.used_at AND e.used_at < w.until_at
    WHERE e.subscription_id = $1 AND e.settled_until = $2
  )
  SELECT w.from_at AS "from", w.until_at AS until, w.component, t.events::int, t.sum::text, t.max::text, l.quantity::text AS last
  FROM wanted w
  CROSS JOIN LATERAL (SELECT count(*) AS events, sum(e.quantity) AS sum, max(e.quantity) AS max
    FROM billing.usage_events e WHERE ${OF_IT}) t
  CROSS JOIN LATERAL (SELECT e.quantity FROM billing.usage_events e WHERE ${OF_IT}
    ORDER BY e.used_at DESC, e.id DESC LIMIT 1) l
  ORDER BY w.from_at, w.component`;
