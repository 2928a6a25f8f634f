import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { GatewayDispute } from '../gateway/payment-gateway.port.js';
import type { Payment } from '../payment/payment.entity.js';

export const DISPUTE_STATUSES = ['open', 'won', 'lost'] as const;
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number];

/** A bank takes money of a payment back on behalf of its customer. */
export interface Dispute {
  readonly id: string;
  readonly paymentId: string;
  /** The late charge that is disputed; null: the one that the payment counts. */
  readonly chargeId: string | null;
  readonly orderId: string | null;
  readonly gateway: string;
  readonly ref: string;
  readonly amount: Money;
  /** What the gateway asked for its work so far, in the currency of the account there. */
  readonly fee: Money;
  readonly status: DisputeStatus;
  readonly reason: string;
  readonly evidenceDueAt: Date | null;
  readonly createdAt: Date;
  readonly closedAt: Date | null;
}

interface DisputeRow {
  id: string;
  payment_id: string;
  charge_id: string | null;
  order_id: string | null;
  gateway: string;
  ref: string;
  amount: string;
  fee: string;
  fee_currency: string;
  currency: string;
  status: DisputeStatus;
  reason: string;
  evidence_due_at: Date | null;
  created_at: Date;
  closed_at: Date | null;
}

export interface DisputeFilter {
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly status: string | null;
}

/** Disputes as gateways tell them. Their payment is locked by whoever changes one. */
@Injectable()
export class DisputeRepository {
  constructor(private readonly database: Database) {}

  /** What was known of it; null: it is new, and is written down as open. */
  async take(
    payment: Payment,
    chargeId: string | null,
    told: GatewayDispute,
    now: Date,
  ): Promise<{ before: Dispute | null; id: string }> {
    const [row] = await this.database.query<DisputeRow>(
      'SELECT * FROM billing.disputes WHERE gateway = $1 AND ref = $2',
      [payment.gateway, told.ref],
    );
    if (row && row.charge_id !== chargeId)
      await this.database.execute('UPDATE billing.disputes SET charge_id = $2 WHERE id = $1', [
        row.id,
        chargeId,
      ]);
    if (row) return { before: toDispute(row), id: row.id };
    const id = newId();
    await this.database.execute(
      `INSERT INTO billing.disputes
         (id, payment_id, order_id, gateway, ref, amount, currency, status, reason, evidence_due_at, created_at, charge_id,
          fee_currency)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12)`,
      [
        id,
        payment.id,
        payment.orderId,
        payment.gateway,
        told.ref,
        told.amount.amount,
        told.amount.currency,
        told.reason,
        told.evidenceDueAt,
        now,
        chargeId,
        told.fee.currency,
      ],
    );
    return { before: null, id };
  }

  async change(
    id: string,
    to: { status: DisputeStatus; amount: Money; fee: Money; evidenceDueAt: Date | null },
    now: Date,
  ): Promise<void> {
    await this.database.execute(
      `UPDATE billing.disputes SET status = $2, fee = $3, fee_currency = $7, evidence_due_at = $4, amount = $6, version = version + 1,
         closed_at = CASE WHEN $2 = 'open' THEN NULL ELSE coalesce(closed_at, $5) END WHERE id = $1`,
      [id, to.status, to.fee.amount, to.evidenceDueAt, now, to.amount.amount, to.fee.currency],
    );
  }

  /** The amounts of a payment, and of what came too late for it, follow their disputes. */
  async count(paymentId: string, now: Date): Promise<void> {
    await this.database.execute(
      `UPDATE billing.payments p SET version = version + 1, updated_at = $2, disputed = d.open, dispute_lost = d.lost
         FROM (SELECT coalesce(sum(amount) FILTER (WHERE status = 'open'), 0)::bigint AS open,
                 coalesce(sum(amount) FILTER (WHERE status = 'lost'), 0)::bigint AS lost
                 FROM billing.disputes WHERE payment_id = $1 AND charge_id IS NULL) d
        WHERE p.id = $1`,
      [paymentId, now],
    );
    await this.database.execute(
      `UPDATE billing.late_charges c
          SET disputed = coalesce((SELECT sum(amount) FROM billing.disputes WHERE charge_id = c.id AND status = 'open'), 0),
            dispute_lost = coalesce((SELECT sum(amount) FROM billing.disputes WHERE charge_id = c.id AND status = 'lost'), 0)
        WHERE c.payment_id = $1`,
      [paymentId],
    );
  }

  async find(id: string): Promise<Dispute | null> {
    const [row] = await this.database.query<DisputeRow>('SELECT * FROM billing.disputes WHERE id = $1', [id]);
    return row ? toDispute(row) : null;
  }

  /** Newest first, from behind `after`. */
  async list(filter: DisputeFilter, after: [string, string] | null, limit: number): Promise<Dispute[]> {
    const wanted: [string, unknown][] = [
      ['payment_id =', filter.paymentId],
      ['order_id =', filter.orderId],
      ['status =', filter.status],
    ];
    const values: unknown[] = [limit];
    const conditions = wanted
      .filter(([, value]) => value !== null)
      .map(([condition, value]) => `${condition} $${values.push(value)}`);
    if (after) conditions.push(`(created_at, id) < ($${values.push(after[0])}, $${values.push(after[1])})`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = await this.database.query<DisputeRow>(
      `SELECT * FROM billing.disputes ${where} ORDER BY created_at DESC, id DESC LIMIT $1`,
      values,
    );
    return rows.map(toDispute);
  }
}

const toDispute = (row: DisputeRow): Dispute => ({
  id: row.id,
  paymentId: row.payment_id,
  chargeId: row.charge_id,
  orderId: row.order_id,
  gateway: row.gateway,
  ref: row.ref,
  amount: Money.of(BigInt(row.amount), row.currency),
  fee: Money.of(BigInt(row.fee), row.fee_currency),
  status: row.status,
  reason: row.reason,
  evidenceDueAt: row.evidence_due_at,
  createdAt: row.created_at,
  closedAt: row.closed_at,
});
