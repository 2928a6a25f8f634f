import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import { earnedBy } from './recognition.repository.js';

export interface DeferredMonth {
  readonly month: string;
  readonly amount: Money;
}

@Injectable()
export class DeferredRevenueRepository {
  constructor(private readonly database: Database) {}

  /** What is earned after a day of what was held by then, month after month in each currency. */
  async months(on: string, currency: string | null): Promise<DeferredMonth[]> {
    const rows = await this.database.query<{ month: string; currency: string; amount: string }>(MONTHS, [
      on,
      currency,
    ]);
    return rows.map((row) => ({ month: row.month, amount: Money.of(BigInt(row.amount), row.currency) }));
  }
}

const countedBy = (day: string): string =>
  `greatest(${earnedBy(day)}, CASE WHEN ${day} >= s.next_day THEN s.earned ELSE 0 END)`;
// Days that were over and nobody has earned yet are still to come.
const MONTHS = `
  WITH open AS (
    SELECT *, greatest(from_day, least($1::date + 1, next_day)) AS since FROM billing.revenue_schedules
    WHERE held_since <= $1::date AND (to_day > $1::date + 1 OR next_day < to_day) AND ($2::text IS NULL OR currency = $2)
  ), shares AS (
    SELECT s.currency, m.month, ${countedBy('d.until')} - ${countedBy('d.since')} AS amount
    FROM open s
    CROSS JOIN LATERAL generate_series(date_trunc('month', s.since::timestamp), s.to_day - interval '1 day', '1 month') AS m (month)
    CROSS JOIN LATERAL (
      SELECT greatest(s.since, m.month::date) AS since, least(s.to_day, (m.month + interval '1 month')::date) AS until
    ) d
  )
  SELECT to_char(month, 'YYYY-MM') AS month, currency, sum(amount)::text AS amount FROM shares
  GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY currency, month`;
