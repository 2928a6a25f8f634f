import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** What reports know of carts that were left behind. */
@Injectable()
export class ReportCartsRepository {
  constructor(private readonly database: Database) {}

  /**
   * In the caller's transaction, under the lock of the reports: counts so many carts that nobody has touched since `leftSince`
   * and that were not looked at yet. Answers how many it looked at.
   */
  async count(leftSince: Date, limit: number): Promise<number> {
    const [row] = await this.database.query<{ found: number }>(COUNT, [leftSince, limit]);
    return row?.found ?? 0;
  }

  /** In the caller's transaction: of those of these orders whose carts were left behind. Repeating it is harmless. */
  async recover(orders: readonly { cartId: string; total: bigint }[]): Promise<void> {
    const ids = orders.map(({ cartId }) => cartId);
    await this.database.execute(RECOVER, [ids, orders.map(({ total }) => total)]);
  }
}

const COUNT = `
  WITH state AS MATERIALIZED (
    SELECT carts_after, carts_after_id FROM ordering.report_state
  ), found AS MATERIALIZED (
    SELECT c.id, c.currency, c.updated_at, date_bin('15 minutes', c.updated_at, 'epoch'::timestamptz) AS bucket
    FROM ordering.carts c, state s
    WHERE c.state <> 'ordered' AND c.updated_at <= $1 AND (c.updated_at, c.id) > (s.carts_after, s.carts_after_id)
    ORDER BY c.updated_at, c.id LIMIT $2
  ), filled AS MATERIALIZED (
    SELECT f.id, f.currency, f.bucket, l.pieces, l.value
    FROM found f JOIN ordering.carts c ON c.id = f.id AND c.state = 'active'
    CROSS JOIN LATERAL (SELECT sum(l.quantity) AS pieces, sum(l.quantity * l.unit_amount) AS value
      FROM ordering.cart_lines l WHERE l.cart_id = f.id) l
    WHERE l.pieces > 0
  ), fresh AS (
    INSERT INTO ordering.report_left_carts (cart_id, currency, bucket) SELECT id, currency, bucket FROM filled
    ON CONFLICT ON CONSTRAINT report_left_carts_pk DO NOTHING RETURNING cart_id
  ), sums AS (
    INSERT INTO ordering.report_carts AS r (bucket, currency, abandoned, pieces, value, recovered, recovered_total)
    SELECT f.bucket, f.currency, count(*), sum(f.pieces), sum(f.value), 0, 0
    FROM fresh JOIN filled f ON f.id = fresh.cart_id GROUP BY f.bucket, f.currency
    ON CONFLICT ON CONSTRAINT report_carts_pk DO UPDATE SET abandoned = r.abandoned + excluded.abandoned,
      pieces = r.pieces + excluded.pieces, value = r.value + excluded.value
  ), reached AS (
    UPDATE ordering.report_state SET carts_after = f.updated_at, carts_after_id = f.id
    FROM (SELECT updated_at, id FROM found ORDER BY updated_at DESC, id DESC LIMIT 1) f
  )
  SELECT count(*)::int AS found FROM found`;
const RECOVER = `
  WITH ordered AS (
    UPDATE ordering.report_left_carts c SET ordered = true FROM unnest($1::uuid[], $2::bigint[]) AS o (cart_id, total)
    WHERE c.cart_id = o.cart_id AND NOT c.ordered RETURNING c.bucket, c.currency, o.total
  )
  INSERT INTO ordering.report_carts AS r (bucket, currency, abandoned, pieces, value, recovered, recovered_total)
  SELECT bucket, currency, 0, 0, 0, count(*), sum(total) FROM ordered GROUP BY bucket, currency
  ON CONFLICT ON CONSTRAINT report_carts_pk DO UPDATE SET recovered = r.recovered + excluded.recovered,
    recovered_total = r.recovered_total + excluded.recovered_total`;
