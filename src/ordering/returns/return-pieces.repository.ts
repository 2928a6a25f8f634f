import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

interface Pieces {
  lineId: string;
  quantity: number;
}

/** What changes of orders need to know of returns: which pieces one is about, and that it is settled. */
@Injectable()
export class ReturnPiecesRepository {
  constructor(private readonly database: Database) {}

  /** The pieces that a return asks to send back; none without a return. */
  async piecesOf(returnId: string | null): Promise<Pieces[]> {
    if (returnId === null) return [];
    return this.database.query<Pieces>(PIECES, [returnId]);
  }

  /** What has come back of a return of the order; null when it is not received, or is none of the order. */
  async received(orderId: string, returnId: string): Promise<Pieces[] | null> {
    const [row] = await this.database.query<{ pieces: Pieces[] }>(RECEIVED, [orderId, returnId]);
    return row?.pieces ?? null;
  }

  /** In the caller's transaction, under the lock of the order: a change has settled it. */
  async settle(returnId: string, changeId: string, at: Date): Promise<void> {
    const settled = await this.database.execute(SETTLE, [returnId, changeId, at]);
    if (settled !== 1) throw new Error('a return was settled twice');
  }
}

const PIECES = `SELECT line_id AS "lineId", quantity FROM ordering.return_lines WHERE return_id = $1 ORDER BY line_id`;
const RECEIVED = `
  SELECT coalesce((SELECT json_agg(json_build_object('lineId', g.line_id, 'quantity', g.quantity) ORDER BY g.line_id) FROM (
    SELECT line_id, sum(quantity)::int AS quantity FROM ordering.return_receipts
    WHERE return_id = r.id AND condition <> 'missing' GROUP BY line_id) g), '[]') AS pieces
  FROM ordering.returns r WHERE r.id = $2 AND r.order_id = $1 AND r.state = 'received'`;
const SETTLE = `
  UPDATE ordering.returns SET state = 'settled', change_id = $2, settled_at = $3, version = version + 1
  WHERE id = $1 AND state = 'received'`;
