import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** How often a file of a line was downloaded. */
export interface Uses {
  lineId: string;
  fileId: string;
  uses: number;
}

/** Downloads that were begun: one row per link, however often it was used. */
@Injectable()
export class DownloadRepository {
  constructor(private readonly database: Database) {}

  usesOf(orderId: string): Promise<Uses[]> {
    return this.database.query<Uses>(USES, [orderId]);
  }

  async anyOf(orderId: string): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(ANY, [orderId]);
    return row?.found ?? false;
  }

  /** Placed and paid orders of which nothing is sent, placed before this and behind `after`, the oldest first. */
  async openDigital(placedBefore: Date, after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(OPEN_DIGITAL, [placedBefore, after, limit]);
    return rows.map(({ id }) => id);
  }

  /**
   * Under the lock of the order: counts the link, unless it is counted already. False when the file was downloaded with so many
   * other links as it may be; null is no limit.
   */
  async use(
    link: { linkId: string; lineId: string; fileId: string },
    limit: number | null,
    now: Date,
  ): Promise<boolean> {
    const values = [link.linkId, link.lineId, link.fileId, now, limit];
    const [row] = await this.database.query<{ allowed: boolean }>(USE, values);
    return row?.allowed ?? false;
  }
}

const OF_ORDER = 'ordering.downloads d JOIN ordering.order_lines l ON l.id = d.line_id WHERE l.order_id = $1';
const USES = `
  SELECT d.line_id AS "lineId", d.file_id AS "fileId", count(*)::int AS uses FROM ${OF_ORDER} GROUP BY d.line_id, d.file_id`;
const ANY = `SELECT EXISTS (SELECT FROM ${OF_ORDER}) AS found`;
const OPEN_DIGITAL = `
  SELECT id FROM ordering.orders
  WHERE fulfilment_status = 'not_required' AND status = 'placed' AND payment_status IN ('paid', 'overcharged', 'partially_refunded')
    AND placed_at <= $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;
const USE = `
  WITH used AS (
    INSERT INTO ordering.downloads (link_id, line_id, file_id, at)
    SELECT $1, $2, $3, $4
    WHERE $5::int IS NULL OR (SELECT count(*) FROM ordering.downloads WHERE line_id = $2 AND file_id = $3) < $5
    ON CONFLICT ON CONSTRAINT downloads_pk DO NOTHING RETURNING link_id
  )
  SELECT EXISTS (SELECT FROM used) OR EXISTS (SELECT FROM ordering.downloads WHERE link_id = $1) AS allowed`;
