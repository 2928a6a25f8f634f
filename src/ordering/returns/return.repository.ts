import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { OrderReturn, ReturnSettings, ReturnState } from './return.js';

type Row = Omit<OrderReturn, 'receipts'> & {
  receipts: (Omit<OrderReturn['receipts'][number], 'at'> & { at: string })[];
};

export interface NewReturn {
  id: string;
  orderId: string;
  state: ReturnState;
  askedBy: 'shopper' | 'staff';
  comment: string | null;
  createdAt: Date;
  lines: { lineId: string; quantity: number; reason: string }[];
}

export interface ReturnFilter {
  customerId?: string;
  orderId?: string;
  state?: string;
  number?: string;
  from?: string;
  to?: string;
}

export interface NewReceipt {
  lineId: string;
  condition: string;
  quantity: number;
  restockedAt: string | null;
}

@Injectable()
export class ReturnRepository {
  constructor(private readonly database: Database) {}

  /**
   * Counts the pieces as asked back, in one guarded statement, whoever else asks for them; false when fewer are left of one of
   * the lines. Then the caller's transaction must not be committed.
   */
  async ask(orderId: string, pieces: readonly { lineId: string; quantity: number }[]): Promise<boolean> {
    const counted = await this.database.execute(ASK, [
      orderId,
      pieces.map(({ lineId }) => lineId),
      pieces.map(({ quantity }) => quantity),
    ]);
    return counted === pieces.length;
  }

  async insert(one: NewReturn): Promise<void> {
    await this.database.execute(INSERT, [
      one.id,
      one.orderId,
      one.state,
      one.askedBy,
      one.comment,
      one.createdAt,
      JSON.stringify(one.lines),
    ]);
  }

  async find(id: string): Promise<OrderReturn | undefined> {
    const [row] = await this.database.query<Row>(`${SELECT} WHERE r.id = $1`, [id]);
    return row && toReturn(row);
  }

  /** Of an order that the caller has locked: locked too, and read afterwards. */
  async locked(id: string): Promise<OrderReturn | undefined> {
    await this.database.query('SELECT FROM ordering.returns WHERE id = $1 FOR UPDATE', [id]);
    return this.find(id);
  }

  async orderOf(id: string): Promise<string | null> {
    const [row] = await this.database.query<{ orderId: string }>(
      'SELECT order_id AS "orderId" FROM ordering.returns WHERE id = $1',
      [id],
    );
    return row?.orderId ?? null;
  }

  /** The newest first; one row more than asked for says that there is a next page. */
  async list(filter: ReturnFilter, after: string | null, limit: number): Promise<OrderReturn[]> {
    const values: unknown[] = [];
    const where: string[] = [];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined || value === null) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add((place) => `o.customer_id = ${place}`, filter.customerId);
    add((place) => `r.order_id = ${place}`, filter.orderId);
    add((place) => `r.state = ${place}`, filter.state);
    add((place) => `r.number = ${place}::bigint`, filter.number);
    add((place) => `r.created_at >= ${place}`, filter.from);
    add((place) => `r.created_at <= ${place}`, filter.to);
    add((place) => `r.id < ${place}::uuid`, after);
    values.push(limit);
    const rows = await this.database.query<Row>(
      `${SELECT} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY r.id DESC LIMIT $${values.length}`,
      values,
    );
    return rows.map(toReturn);
  }

  /** Moves a locked return on, with what the buyer is told. */
  async move(
    id: string,
    to: ReturnState,
    fields: { answer?: string | null; labelUrl?: string | null },
    at: Date,
  ): Promise<void> {
    await this.database.execute(MOVE, [id, to, fields.answer ?? null, fields.labelUrl ?? null, at]);
  }

  /** The pieces of a return that comes to nothing may be asked back again. */
  async free(id: string): Promise<void> {
    await this.database.execute(FREE, [id]);
  }

  /** Writes down what came, in one guarded statement; false when more would have come than was asked for. */
  async receive(
    id: string,
    receipts: readonly NewReceipt[],
    at: Date,
    actor: string | null,
  ): Promise<boolean> {
    const sums = new Map<string, number>();
    for (const { lineId, quantity } of receipts) sums.set(lineId, (sums.get(lineId) ?? 0) + quantity);
    const counted = await this.database.execute(COUNT, [id, [...sums.keys()], [...sums.values()]]);
    if (counted !== sums.size) return false;
    const rows = receipts.map((receipt) => ({ id: newId(), ...receipt }));
    await this.database.execute(RECEIVE, [id, JSON.stringify(rows), at, actor]);
    return true;
  }

  async settings(): Promise<ReturnSettings> {
    const [row] = await this.database.query<ReturnSettings>(SETTINGS);
    if (!row) throw new Error('the settings of returns are gone');
    return row;
  }

  /** False when it was another version by then. */
  async saveSettings(settings: ReturnSettings): Promise<boolean> {
    const { windowDays, approveAtOnce, excludedProducts, version } = settings;
    return (
      (await this.database.execute(SAVE_SETTINGS, [windowDays, approveAtOnce, excludedProducts, version])) ===
      1
    );
  }
}

const toReturn = (row: Row): OrderReturn => ({
  ...row,
  receipts: row.receipts.map((receipt) => ({ ...receipt, at: new Date(receipt.at) })),
});

const ASK = `
  UPDATE ordering.order_lines l SET asked_back = l.asked_back + w.quantity
  FROM unnest($2::uuid[], $3::int[]) AS w (id, quantity)
  WHERE l.id = w.id AND l.order_id = $1
    AND l.fulfilled - l.returned - l.refunded - l.asked_back >= w.quantity`;
const INSERT = `
  WITH made AS (
    INSERT INTO ordering.returns (id, order_id, state, asked_by, comment, created_at, decided_at)
    VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $3 = 'approved' THEN $6::timestamptz END)
  )
  INSERT INTO ordering.return_lines (return_id, line_id, quantity, reason)
  SELECT $1, "lineId", quantity, reason FROM jsonb_to_recordset($7::jsonb) AS l ("lineId" uuid, quantity int, reason text)`;
const MOVE = `
  UPDATE ordering.returns SET state = $2, answer = coalesce($3, answer), label_url = coalesce($4, label_url),
    decided_at = CASE WHEN $2 IN ('approved', 'declined', 'canceled') AND state <> $2 THEN $5 ELSE decided_at END,
    received_at = CASE WHEN $2 = 'received' THEN $5 ELSE received_at END, version = version + 1
  WHERE id = $1`;
const FREE = `
  UPDATE ordering.order_lines l SET asked_back = l.asked_back - r.quantity
  FROM ordering.return_lines r WHERE r.return_id = $1 AND l.id = r.line_id`;
const COUNT = `
  UPDATE ordering.return_lines l SET received = l.received + w.quantity
  FROM unnest($2::uuid[], $3::int[]) AS w (id, quantity)
  WHERE l.return_id = $1 AND l.line_id = w.id AND l.received + w.quantity <= l.quantity`;
const RECEIVE = `
  INSERT INTO ordering.return_receipts (id, return_id, line_id, condition, quantity, restocked_at, at, actor)
  SELECT id, $1, "lineId", condition, quantity, "restockedAt", $3, $4
  FROM jsonb_to_recordset($2::jsonb) AS r (id uuid, "lineId" uuid, condition text, quantity int, "restockedAt" text)`;
const SETTINGS = `
  SELECT window_days AS "windowDays", approve_at_once AS "approveAtOnce", excluded_products AS "excludedProducts", version
  FROM ordering.return_settings`;
const SAVE_SETTINGS = `
  UPDATE ordering.return_settings SET window_days = $1, approve_at_once = $2, excluded_products = $3, version = version + 1
  WHERE version = $4`;
const SELECT = `
  SELECT r.id, r.number::text, r.order_id AS "orderId", o.number::text AS "orderNumber", r.state, r.asked_by AS "askedBy",
    r.comment, r.answer, r.label_url AS "labelUrl", r.change_id AS "changeId", r.created_at AS "createdAt",
    r.decided_at AS "decidedAt", r.received_at AS "receivedAt", r.settled_at AS "settledAt", r.version,
    (SELECT json_agg(json_build_object('lineId', l.line_id, 'sku', i.sku, 'title', i.title, 'quantity', l.quantity,
      'reason', l.reason, 'received', l.received) ORDER BY i.position)
      FROM ordering.return_lines l JOIN ordering.order_lines i ON i.id = l.line_id WHERE l.return_id = r.id) AS lines,
    coalesce((SELECT json_agg(json_build_object('lineId', c.line_id, 'condition', c.condition, 'quantity', c.quantity,
      'restockedAt', c.restocked_at, 'at', c.at) ORDER BY c.id)
      FROM ordering.return_receipts c WHERE c.return_id = r.id), '[]') AS receipts
  FROM ordering.returns r JOIN ordering.orders o ON o.id = r.order_id`;
