import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import { idOf, type MoneySubject } from '../invoice/money-subject.js';

export type RefundStatus = 'pending' | 'succeeded' | 'failed';

/** `original`: back to where the money came from. */
export type RefundDestination = 'original' | 'store_credit';

/** Which document says that a refund by hand went back. */
export const CREDIT_NOTE_WISHES = ['create', 'existing', 'none'] as const;
export type CreditNoteWish = (typeof CREDIT_NOTE_WISHES)[number];

export interface Refund {
  readonly id: string;
  readonly paymentId: string;
  readonly orderId: string | null;
  /** Null when no gateway is asked for it. */
  readonly operationId: string | null;
  /** The late charge that it goes to; null for the charge that the payment counts. */
  readonly chargeId: string | null;
  readonly destination: RefundDestination;
  readonly amount: Money;
  readonly status: RefundStatus;
  readonly reason: string;
  readonly failureCode: string | null;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

interface RefundRow {
  id: string;
  payment_id: string;
  order_id: string | null;
  operation_id: string | null;
  destination: RefundDestination;
  charge_id: string | null;
  amount: string;
  currency: string;
  status: RefundStatus;
  reason: string;
  failure_code: string | null;
  requested_by: string;
  created_at: Date;
  settled_at: Date | null;
}

export interface RefundFilter {
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly status: string | null;
  /** When they were asked for, both included. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Refunds. The room for one is taken from the payment before anything else happens. */
@Injectable()
export class RefundRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes room for a refund out of what one charge captured, in one guarded statement: however many ask at once, all of
   * them together never get more than there is. `chargeId` null means the charge that the payment counts, `amount` null
   * all that is left. Answers the amount and the gateway's name of that charge; null when there is not enough.
   */
  async reserve(
    paymentId: string,
    chargeId: string | null,
    amount: bigint | null,
  ): Promise<{ amount: bigint; ref: string | null } | null> {
    const [row] = await this.database.query<{ amount: string; ref: string | null }>(
      chargeId === null ? RESERVE : RESERVE_LATE,
      chargeId === null ? [paymentId, amount] : [paymentId, amount, chargeId],
    );
    return row ? { amount: BigInt(row.amount), ref: row.ref } : null;
  }

  /** Under the lock of the payment: so much of it is given back in another way than by a refund. */
  async giveOutside(paymentId: string, amount: bigint): Promise<void> {
    await this.database.execute(
      'UPDATE billing.payments SET given_outside = given_outside + $2, version = version + 1 WHERE id = $1',
      [paymentId, amount],
    );
  }

  /** What credit notes of an invoice without an order kept and has paid another invoice, in minor units. */
  async usedElsewhere(subject: MoneySubject): Promise<bigint> {
    const [row] = await this.database.query<{ used: string }>(USED_ELSEWHERE, [idOf(subject)]);
    return BigInt(row?.used ?? 0);
  }

  async add(refund: Omit<Refund, 'destination' | 'status' | 'failureCode' | 'settledAt'>): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.refunds (id, payment_id, order_id, operation_id, charge_id, amount, currency, status, reason, requested_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)`,
      [
        refund.id,
        refund.paymentId,
        refund.orderId,
        refund.operationId,
        refund.chargeId,
        refund.amount.amount,
        refund.amount.currency,
        refund.reason,
        refund.requestedBy,
        refund.createdAt,
      ],
    );
  }

  /**
   * A refund that is decided at once, because no gateway is asked: with it its payment counts the money as given back, or has
   * it free again. Under the payment's lock, after `reserve`.
   */
  async addDecided(refund: Omit<Refund, 'operationId' | 'chargeId' | 'settledAt'>): Promise<void> {
    await this.database.execute(DECIDED, [
      refund.id,
      refund.paymentId,
      refund.orderId,
      refund.amount.amount,
      refund.amount.currency,
      refund.status,
      refund.reason,
      refund.failureCode,
      refund.requestedBy,
      refund.createdAt,
      refund.destination,
    ]);
  }

  /**
   * In the transaction that accepts it: a refund by hand, whose credit note does not follow the order. So much of it, in minor units,
   * is covered by what earlier notes keep for the buyer.
   */
  async wish(
    id: string,
    { creditNote, reason, covered }: { creditNote: CreditNoteWish; reason: string | null; covered: bigint },
  ): Promise<void> {
    await this.database.execute(
      'UPDATE billing.refunds SET credit_note = $2, credit_note_reason = $3, covered = $4 WHERE id = $1',
      [id, creditNote, reason, covered],
    );
  }

  async find(id: string): Promise<Refund | null> {
    const [row] = await this.database.query<RefundRow>(
      `SELECT ${REFUND} FROM billing.refunds r WHERE id = $1`,
      [id],
    );
    return row ? toRefund(row) : null;
  }

  /** Whether nobody but a person can still pay out this payment: the house tried, and had nowhere to pay it to. */
  async isStranded(paymentId: string): Promise<boolean> {
    const [row] = await this.database.query<object>(
      `SELECT FROM billing.refunds WHERE payment_id = $1 AND status = 'failed' AND requested_by = 'system' AND operation_id IS NULL`,
      [paymentId],
    );
    return row !== undefined;
  }

  /** As `isStranded`, of all payments of these orders. */
  async strandedOf(orderIds: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT DISTINCT payment_id AS id FROM billing.refunds
       WHERE order_id = ANY ($1::uuid[]) AND status = 'failed' AND requested_by = 'system' AND operation_id IS NULL`,
      [orderIds],
    );
    return rows.map(({ id }) => id);
  }

  /** Newest first, from behind `after`. */
  async list(filter: RefundFilter, after: [string, string] | null, limit: number): Promise<Refund[]> {
    const wanted: [string, unknown][] = [
      ['payment_id =', filter.paymentId],
      ['order_id =', filter.orderId],
      ['status =', filter.status],
      ['created_at >=', filter.from],
      ['created_at <=', filter.to],
    ];
    const values: unknown[] = [limit];
    const conditions = wanted
      .filter(([, value]) => value !== null)
      .map(([condition, value]) => `${condition} $${values.push(value)}`);
    if (after) conditions.push(`(created_at, id) < ($${values.push(after[0])}, $${values.push(after[1])})`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = await this.database.query<RefundRow>(
      `SELECT ${REFUND} FROM billing.refunds r ${where} ORDER BY created_at DESC, id DESC LIMIT $1`,
      values,
    );
    return rows.map(toRefund);
  }
}

const toRefund = (row: RefundRow): Refund => ({
  id: row.id,
  paymentId: row.payment_id,
  orderId: row.order_id,
  operationId: row.operation_id,
  chargeId: row.charge_id,
  destination: row.destination,
  amount: Money.of(BigInt(row.amount), row.currency),
  status: row.status,
  reason: row.reason,
  failureCode: row.failure_code,
  requestedBy: row.requested_by,
  createdAt: row.created_at,
  settledAt: row.settled_at,
});

const REFUND = `r.id, r.payment_id, r.order_id, r.operation_id, r.charge_id, r.destination, r.amount, r.currency, r.status, r.reason,
  r.failure_code, r.requested_by, r.created_at, r.settled_at`;

// What one of an order kept stays with the order.
const USED_ELSEWHERE = `
  SELECT coalesce(sum(used), 0)::text AS used FROM billing.credit_notes WHERE invoice_id = $1 AND order_id IS NULL`;

const DECIDED = `
  WITH payment AS (
    UPDATE billing.payments
       SET refunded = refunded + CASE WHEN $6 = 'succeeded' THEN $4::bigint ELSE 0 END,
         refund_reserved = refund_reserved - CASE WHEN $6 = 'succeeded' THEN 0 ELSE $4::bigint END,
         version = version + 1, updated_at = $10
     WHERE id = $2
  )
  INSERT INTO billing.refunds (id, payment_id, order_id, amount, currency, status, reason, failure_code, requested_by, created_at,
    settled_at, destination)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)`;

const RESERVE = `
  WITH wanted AS (
    SELECT id, coalesce($2::bigint, captured - refund_reserved - given_outside - dispute_lost) AS amount FROM billing.payments WHERE id = $1 FOR UPDATE
  )
  UPDATE billing.payments p SET refund_reserved = p.refund_reserved + wanted.amount, version = p.version + 1
    FROM wanted
   WHERE p.id = wanted.id AND wanted.amount > 0 AND p.refund_reserved + wanted.amount <= p.captured - p.given_outside - p.dispute_lost
     AND p.disputed = 0
  RETURNING wanted.amount, p.gateway_ref AS ref`;

// The payment's lock comes first, as in every change of what belongs to it.
const RESERVE_LATE = `
  WITH payment AS (
    SELECT id FROM billing.payments WHERE id = $1 FOR UPDATE
  ), wanted AS (
    SELECT c.id, coalesce($2::bigint, c.captured - c.refund_reserved - c.dispute_lost) AS amount
      FROM payment JOIN billing.late_charges c ON c.payment_id = payment.id WHERE c.id = $3 FOR UPDATE OF c
  )
  UPDATE billing.late_charges c SET refund_reserved = c.refund_reserved + wanted.amount
    FROM wanted
   WHERE c.id = wanted.id AND wanted.amount > 0 AND c.refund_reserved + wanted.amount <= c.captured - c.dispute_lost
     AND c.disputed = 0
  RETURNING wanted.amount, c.gateway_ref AS ref`;
