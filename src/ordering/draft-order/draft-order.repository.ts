import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { pointOf } from '../shipping/pickup-point.repository.js';
import type { DraftLine, DraftOrder } from './draft-order.js';

type Row = Omit<DraftOrder, 'lines'> & {
  lines: (Omit<DraftLine, 'unitAmount'> & { unitAmount: string })[];
};

export interface DraftFilter {
  state?: string;
  customerId?: string;
  email?: string;
}

@Injectable()
export class DraftOrderRepository {
  constructor(private readonly database: Database) {}

  async insert(draft: DraftOrder): Promise<void> {
    const values = [...contentOf(draft), draft.createdBy, draft.createdAt, draft.currency];
    await this.database.execute(INSERT, values);
  }

  /** What is in it, of an open draft that the caller has locked. */
  async save(draft: DraftOrder): Promise<void> {
    await this.database.execute(SAVE, [...contentOf(draft), draft.updatedAt]);
  }

  async find(id: string): Promise<DraftOrder | undefined> {
    const [row] = await this.database.query<Row>(`${SELECT} WHERE d.id = $1`, [id]);
    return row && toDraft(row);
  }

  /** Every change of a draft, and its placement, begins here: two of them wait for each other. */
  async locked(id: string): Promise<DraftOrder | undefined> {
    await this.database.query('SELECT FROM ordering.draft_orders WHERE id = $1 FOR UPDATE', [id]);
    return this.find(id);
  }

  /** The draft became this order. */
  async placed(id: string, orderId: string, at: Date): Promise<void> {
    await this.database.execute(PLACED, [id, orderId, at]);
  }

  async remove(id: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.draft_orders WHERE id = $1', [id]);
  }

  /** The newest first. */
  async list(filter: DraftFilter, after: string | null, limit: number): Promise<DraftOrder[]> {
    const values: unknown[] = [];
    const where: string[] = [];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined || value === null) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add((place) => `d.state = ${place}`, filter.state);
    add((place) => `d.customer_id = ${place}`, filter.customerId);
    add((place) => `lower(d.email) = lower(${place})`, filter.email);
    add((place) => `d.id < ${place}::uuid`, after);
    values.push(limit);
    const rows = await this.database.query<Row>(
      `${SELECT} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY d.id DESC LIMIT $${values.length}`,
      values,
    );
    return rows.map(toDraft);
  }
}

const json = (value: object | null) => (value === null ? null : JSON.stringify(value));
const contentOf = (draft: DraftOrder): unknown[] => [
  draft.id,
  draft.customerId,
  draft.email,
  json(draft.shippingAddress),
  json(draft.billingAddress),
  draft.shippingOptionId,
  draft.promotionCodes,
  draft.note,
  draft.pickupPointId,
  draft.vatId,
  json(draft.vatCheck),
  JSON.stringify(draft.lines.map((line) => ({ ...line, unitAmount: line.unitAmount.toString() }))),
];
const toDraft = (row: Row): DraftOrder => ({
  ...row,
  lines: row.lines.map((line) => ({ ...line, unitAmount: BigInt(line.unitAmount) })),
});

const INSERT = `
  INSERT INTO ordering.draft_orders (id, customer_id, email, shipping_address, billing_address, shipping_option_id,
    promotion_codes, note, pickup_point_id, vat_id, vat_check, lines, created_by, created_at, updated_at, currency)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)`;
const SAVE = `
  UPDATE ordering.draft_orders SET customer_id = $2, email = $3, shipping_address = $4, billing_address = $5,
    shipping_option_id = $6, promotion_codes = $7, note = $8, pickup_point_id = $9, vat_id = $10, vat_check = $11,
    lines = $12, updated_at = $13, version = version + 1
  WHERE id = $1 AND state = 'open'`;
const PLACED = `
  UPDATE ordering.draft_orders SET state = 'placed', order_id = $2, updated_at = $3, version = version + 1
  WHERE id = $1 AND state = 'open'`;
const SELECT = `
  SELECT d.id, d.state, d.customer_id AS "customerId", d.email, d.currency, d.shipping_address AS "shippingAddress",
    d.billing_address AS "billingAddress", d.shipping_option_id AS "shippingOptionId",
    d.pickup_point_id AS "pickupPointId", ${pointOf('d.pickup_point_id')} AS "pickupPoint",
    d.vat_id AS "vatId", d.vat_check AS "vatCheck", d.promotion_codes AS "promotionCodes", d.note, d.lines, d.order_id AS "orderId", d.created_by AS "createdBy",
    d.created_at AS "createdAt", d.updated_at AS "updatedAt", d.version
  FROM ordering.draft_orders d`;
