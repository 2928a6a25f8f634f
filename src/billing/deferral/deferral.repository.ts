import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { Parted, RevenueSchedule } from './revenue-schedule.js';

/** What gives back revenue before it is earned: a line of a credit note, or of a later invoice. */
export interface ReleaseSource {
  readonly type: 'invoice' | 'credit_note';
  readonly id: string;
  readonly lineId: string;
}

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

  async insert(one: Omit<RevenueSchedule, 'id'>): Promise<void> {
    const { invoiceId, lineId, subscriptionId, amount, from, to, next, earned, heldSince } = one;
    await this.database.execute(
      `INSERT INTO billing.revenue_schedules (id, invoice_id, line_id, subscription_id, currency, amount, from_day, to_day,
         next_day, earned, held_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        ...[newId(), invoiceId, lineId, subscriptionId, amount.currency, amount.amount, from, to, next],
        ...[earned.amount, heldSince],
      ],
    );
  }

  /** Those of an invoice that are not earned whole, locked. */
  ofInvoice(invoiceId: string): Promise<RevenueSchedule[]> {
    return this.locked('invoice_id', invoiceId);
  }

  /** Those of a subscription that are not earned whole, locked; the newest first. */
  async ofSubscription(subscriptionId: string): Promise<RevenueSchedule[]> {
    return (await this.locked('subscription_id', subscriptionId)).reverse();
  }

  /** Its days before stay, those since are others. */
  async part({ id }: RevenueSchedule, { before, since }: Parted): Promise<void> {
    if (before === null) await this.database.execute(DELETE, [id]);
    else await this.database.execute(CUT, [id, before.to, before.amount.amount]);
    if (since !== null) await this.insert(since);
  }

  /** So much of a schedule, of its days since one, was given back; below zero, is held again. */
  async release(
    source: ReleaseSource,
    of: Omit<RevenueSchedule, 'id' | 'heldSince'>,
    since: string,
    amount: Money,
  ): Promise<void> {
    const { invoiceId, lineId, subscriptionId, to } = of;
    await this.database.execute(
      `INSERT INTO billing.revenue_releases (id, source_type, source_id, source_line_id, invoice_id, line_id, subscription_id,
         currency, amount, from_day, to_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        ...[newId(), source.type, source.id, source.lineId, invoiceId, lineId, subscriptionId],
        ...[amount.currency, amount.amount, since, to],
      ],
    );
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
const CUT = 'UPDATE billing.revenue_schedules SET to_day = $2, amount = $3 WHERE id = $1';
const DELETE = 'DELETE FROM billing.revenue_schedules WHERE id = $1';
const RELEASES = `
  SELECT r.source_line_id AS "sourceLineId", r.invoice_id AS "invoiceId", r.line_id AS "lineId",
    r.subscription_id AS "subscriptionId", r.currency, r.amount::text, r.from_day::text AS "from", r.to_day::text AS "to",
    i.state = 'void' AS "isVoid"
  FROM billing.revenue_releases r JOIN billing.invoices i ON i.id = r.invoice_id
  WHERE r.source_type = 'invoice' AND r.source_id = $1 ORDER BY r.id`;
