import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { RevenueSchedule } from './revenue-schedule.js';
import type { ScheduleChanges } from './schedule-changes.js';

/** What a line of an invoice has given back of another one. */
export interface Release extends Pick<
  RevenueSchedule,
  'invoiceId' | 'lineId' | 'subscriptionId' | 'amount' | 'from' | 'to'
> {
  readonly sourceLineId: string;
  /** The invoice that it gave back of is void. */
  readonly isVoid: boolean;
}

type Row = Omit<RevenueSchedule, 'amount' | 'earned'> & { currency: string; amount: string; earned: string };

/** Schedules of revenue. They are locked behind the invoices and payments of their transaction, and before its number. */
@Injectable()
export class DeferralRepository {
  constructor(private readonly database: Database) {}

  /** Writes all that a document has made of them, in one statement, however many lines it has. */
  async write({ gone, cut, added, releases }: ScheduleChanges): Promise<void> {
    await this.database.execute(WRITE, [
      [...gone],
      JSON.stringify([...cut.values()].map(columnsOf)),
      JSON.stringify([...added.values()].map(columnsOf)),
      JSON.stringify(
        releases.map(({ source, of, since, amount: { amount, currency } }) => ({
          ...{ id: newId(), source_type: source.type, source_id: source.id, source_line_id: source.lineId },
          ...{ invoice_id: of.invoiceId, line_id: of.lineId, subscription_id: of.subscriptionId, currency },
          ...{ amount: amount.toString(), from_day: since, to_day: of.to },
        })),
      ),
    ]);
  }

  /** Those of an invoice that are not earned whole, locked. */
  ofInvoice(invoiceId: string): Promise<RevenueSchedule[]> {
    return this.locked('invoice_id', invoiceId);
  }

  /** Those of a subscription that are not earned whole, locked; the newest first. */
  async ofSubscription(subscriptionId: string): Promise<RevenueSchedule[]> {
    return (await this.locked('subscription_id', subscriptionId)).reverse();
  }

  /** What the lines of an invoice have given back of others. */
  async releasesBy(invoiceId: string): Promise<Release[]> {
    const rows = await this.database.query<Omit<Release, 'amount'> & { amount: string; currency: string }>(
      RELEASES,
      [invoiceId],
    );
    return rows.map(({ currency, amount, ...row }) => ({
      ...row,
      amount: Money.of(BigInt(amount), currency),
    }));
  }

  /** When a subscription has ended; null: it has not. */
  async endOf(subscriptionId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ endedAt: Date | null }>(
      'SELECT ended_at AS "endedAt" FROM billing.subscriptions WHERE id = $1',
      [subscriptionId],
    );
    return row?.endedAt ?? null;
  }

  /**
   * Read once more under their locks: whoever held them may have made others of them. The daily job earns them without waiting for
   * anything, so nobody waits long for it.
   */
  private async locked(by: 'invoice_id' | 'subscription_id', id: string): Promise<RevenueSchedule[]> {
    const text = `${SELECT} WHERE ${by} = $1 AND next_day < to_day ORDER BY id FOR UPDATE`;
    await this.database.query(text, [id]);
    const rows = await this.database.query<Row>(text, [id]);
    return rows.map(({ currency, amount, earned, ...row }) => ({
      ...row,
      amount: Money.of(BigInt(amount), currency),
      earned: Money.of(BigInt(earned), currency),
    }));
  }
}

const SELECT = `
  SELECT id, invoice_id AS "invoiceId", line_id AS "lineId", subscription_id AS "subscriptionId", currency, amount::text,
    from_day::text AS "from", to_day::text AS "to", next_day::text AS next, earned::text, held_since::text AS "heldSince"
  FROM billing.revenue_schedules`;
const COLUMNS = `id uuid, invoice_id uuid, line_id text, subscription_id uuid, currency text, amount bigint, from_day date, to_day date`;
const WRITE = `
  WITH gone AS (
    DELETE FROM billing.revenue_schedules WHERE id = ANY ($1::uuid[])
  ), cut AS (
    UPDATE billing.revenue_schedules s SET to_day = n.to_day, amount = n.amount
    FROM jsonb_to_recordset($2::jsonb) AS n (id uuid, to_day date, amount bigint) WHERE s.id = n.id
  ), released AS (
    INSERT INTO billing.revenue_releases (id, source_type, source_id, source_line_id, invoice_id, line_id, subscription_id,
      currency, amount, from_day, to_day)
    SELECT id, source_type, source_id, source_line_id, invoice_id, line_id, subscription_id, currency, amount, from_day, to_day
    FROM jsonb_to_recordset($4::jsonb) AS n (source_type text, source_id uuid, source_line_id text, ${COLUMNS})
  )
  INSERT INTO billing.revenue_schedules (id, invoice_id, line_id, subscription_id, currency, amount, from_day, to_day, next_day,
    earned, held_since)
  SELECT id, invoice_id, line_id, subscription_id, currency, amount, from_day, to_day, next_day, earned, held_since
  FROM jsonb_to_recordset($3::jsonb) AS n (next_day date, earned bigint, held_since date, ${COLUMNS})`;
const columnsOf = ({ amount, earned, ...one }: RevenueSchedule) => ({
  ...{ id: one.id, invoice_id: one.invoiceId, line_id: one.lineId, subscription_id: one.subscriptionId },
  ...{ currency: amount.currency, amount: amount.amount.toString(), from_day: one.from, to_day: one.to },
  ...{ next_day: one.next, earned: earned.amount.toString(), held_since: one.heldSince },
});
const RELEASES = `
  SELECT r.source_line_id AS "sourceLineId", r.invoice_id AS "invoiceId", r.line_id AS "lineId",
    r.subscription_id AS "subscriptionId", r.currency, r.amount::text, r.from_day::text AS "from", r.to_day::text AS "to",
    i.state = 'void' AS "isVoid"
  FROM billing.revenue_releases r JOIN billing.invoices i ON i.id = r.invoice_id
  WHERE r.source_type = 'invoice' AND r.source_id = $1 ORDER BY r.id`;
