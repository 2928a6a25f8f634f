import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Dimension, Measure } from './report-entry.js';

export const GROUPS = ['day', 'week', 'month', 'product', 'category', 'country', 'promotion'] as const;
export type Group = (typeof GROUPS)[number];
export type Span = Extract<Group, 'day' | 'week' | 'month'>;

/** Days of a time zone, the last one included. */
export interface Period {
  from: string;
  to: string;
  timeZone: string;
  /** Null: each. */
  currency: string | null;
}

/** Sums as texts: they come from bigint columns. */
export type SalesRow = Record<Measure, string> & {
  key: string;
  currency: string;
  title: string | null;
  handle: string | null;
};
export interface CartsRow {
  key: string;
  currency: string;
  abandoned: string;
  pieces: string;
  value: string;
  recovered: string;
  recoveredTotal: string;
}
export interface CohortMonth {
  currency: string;
  cohort: string;
  month: string;
  customers: string;
  repeaters: string;
  orders: string;
  total: string;
}
export type After = { key: string; currency: string } | null;
/** By what it brought in, the most first; or by its key. */
export const SORTS = ['total', 'group'] as const;
export type Sort = (typeof SORTS)[number];

const DIMENSIONS: Readonly<Record<Group, Dimension>> = {
  ...{ day: 'country', week: 'country', month: 'country' },
  ...{ product: 'product', category: 'category', country: 'country', promotion: 'promotion' },
};
export const isSpan = (group: Group): group is Span =>
  group === 'day' || group === 'week' || group === 'month';

/** Reads what the writer has summed: one statement each, never a look at orders. */
@Injectable()
export class ReportsRepository {
  constructor(private readonly database: Database) {}

  /** Times in their order, whatever the sort. `limit` null: all, as they are at one moment. */
  sales(group: Group, period: Period, sort: Sort, after: After, limit: number | null): Promise<SalesRow[]> {
    const { from, to, timeZone, currency } = period;
    const key = isSpan(group) ? localSpan(group, '$4') : 's.key';
    const order = isSpan(group) || sort === 'group' ? '' : 'r.total DESC, ';
    const values = [DIMENSIONS[group], from, to, timeZone, currency];
    const where = [after?.key ?? null, after?.currency ?? null, limit];
    return this.database.query<SalesRow>(SALES(key, order), [...values, ...where]);
  }

  /** `limit` null: all, as they are at one moment. */
  carts(
    span: Span,
    { from, to, timeZone, currency }: Period,
    after: After,
    limit: number | null,
  ): Promise<CartsRow[]> {
    const values = [from, to, timeZone, currency, after?.key ?? null, after?.currency ?? null, limit];
    return this.database.query<CartsRow>(CARTS(localSpan(span, '$3')), values);
  }

  /** Of customers who ordered first between these months, what they did up to the last of them. */
  cohorts(from: string, to: string, currency: string | null): Promise<CohortMonth[]> {
    return this.database.query<CohortMonth>(COHORTS, [from, to, currency]);
  }

  async status(): Promise<{ rebuilding: boolean; waiting: number }> {
    const [row] = await this.database.query<{ rebuilding: boolean; waiting: number }>(STATUS);
    return row ?? { rebuilding: false, waiting: 0 };
  }
}

const localSpan = (span: Span, zone: string) =>
  `to_char(date_trunc('${span}', s.bucket AT TIME ZONE ${zone}::text), 'YYYY-MM-DD')`;
const within = (from: string, to: string, zone: string) =>
  `s.bucket >= ${from}::date::timestamp AT TIME ZONE ${zone}::text
      AND s.bucket < (${to}::date + 1)::timestamp AT TIME ZONE ${zone}::text`;

const SALES = (key: string, order: string) => `
  SELECT r.*, l.title, l.handle FROM (
    SELECT ${key} AS key, s.currency, sum(s.orders) AS orders, sum(s.canceled) AS canceled,
      sum(s.pieces) AS pieces, sum(s.returned_pieces) AS "returnedPieces", sum(s.gross) AS gross,
      sum(s.discount) AS discount, sum(s.shipping) AS shipping, sum(s.tax) AS tax, sum(s.returned) AS returned,
      sum(s.refunded) AS refunded, sum(s.total) AS total
    FROM ordering.report_sales s
    WHERE s.dimension = $1 AND ${within('$2', '$3', '$4')} AND ($5::text IS NULL OR s.currency = $5)
    GROUP BY 1, 2
    HAVING bool_or(s.orders <> 0 OR s.canceled <> 0 OR s.pieces <> 0 OR s.returned_pieces <> 0 OR s.gross <> 0
      OR s.discount <> 0 OR s.shipping <> 0 OR s.tax <> 0 OR s.returned <> 0 OR s.refunded <> 0 OR s.total <> 0)
  ) r LEFT JOIN ordering.report_labels l ON l.dimension = $1 AND l.key = r.key
  WHERE $6::text IS NULL OR (r.key, r.currency) > ($6::text, $7::text)
  ORDER BY ${order}r.key, r.currency LIMIT $8`;
const CARTS = (key: string) => `
  SELECT r.* FROM (
    SELECT ${key} AS key, s.currency, sum(s.abandoned) AS abandoned, sum(s.pieces) AS pieces, sum(s.value) AS value,
      sum(s.recovered) AS recovered, sum(s.recovered_total) AS "recoveredTotal"
    FROM ordering.report_carts s WHERE ${within('$1', '$2', '$3')} AND ($4::text IS NULL OR s.currency = $4)
    GROUP BY 1, 2
  ) r
  WHERE $5::text IS NULL OR (r.key, r.currency) > ($5::text, $6::text)
  ORDER BY r.key, r.currency LIMIT $7`;
const COHORTS = `
  SELECT currency, to_char(cohort, 'YYYY-MM') AS cohort, to_char(month, 'YYYY-MM') AS month, customers, repeaters, orders, total
  FROM ordering.report_cohorts
  WHERE month BETWEEN $1::date AND $2::date AND ($3::text IS NULL OR currency = $3)
    AND (customers <> 0 OR repeaters <> 0 OR orders <> 0 OR total <> 0)
  ORDER BY currency, cohort, month`;
const STATUS = `
  SELECT rebuild_after IS NOT NULL AS rebuilding,
    (SELECT count(*)::int FROM (SELECT FROM ordering.report_due LIMIT 10000) d) AS waiting
  FROM ordering.report_state`;
