import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import type { Fired } from './fraud-rule.js';

export const REVIEW_STATES = ['open', 'approved', 'rejected', 'expired', 'withdrawn'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];
export type ReviewDecision = 'approved' | 'rejected' | 'expired';

/** A payment that waits, or waited, for a person. */
export interface PaymentReview {
  readonly paymentId: string;
  readonly orderId: string | null;
  readonly customerId: string | null;
  readonly reason: string;
  readonly state: ReviewState;
  readonly amount: Money;
  readonly captured: Money;
  readonly fired: readonly Fired[];
  readonly risk: number | null;
  readonly openedAt: Date;
  readonly expiresAt: Date | null;
  readonly note: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
}

interface Row {
  payment_id: string;
  order_id: string | null;
  customer_id: string | null;
  reason: string;
  state: ReviewState;
  amount: string;
  captured: string;
  currency: string;
  fired: Fired[] | null;
  risk: number | null;
  opened_at: Date;
  expires_at: Date | null;
  note: string | null;
  decided_by: string | null;
  decided_at: Date | null;
}

/** Reviews are opened with the payment that needs one (`PaymentRepository.save`), and are over when it waits no more. */
@Injectable()
export class PaymentReviewRepository {
  constructor(private readonly database: Database) {}

  /** The longest waiting first, from behind `after`. */
  async list(state: ReviewState, after: [string, string] | null, limit: number): Promise<PaymentReview[]> {
    const values: unknown[] = [limit];
    const behind = after
      ? `AND (r.opened_at, r.payment_id) > ($${values.push(after[0])}, $${values.push(after[1])})`
      : '';
    const rows = await this.database.query<Row>(
      `${READ} WHERE ${STATES[state]} ${behind} ORDER BY r.opened_at, r.payment_id LIMIT $1`,
      values,
    );
    return rows.map(toReview);
  }

  async find(paymentId: string): Promise<PaymentReview | null> {
    const [row] = await this.database.query<Row>(`${READ} WHERE r.payment_id = $1`, [paymentId]);
    return row ? toReview(row) : null;
  }

  /** Who decided, and why; under the lock of the payment. A decision is never written over. */
  async decide(
    paymentId: string,
    decision: { as: ReviewDecision; by: string | null; note: string | null; at: Date },
  ): Promise<void> {
    const { as, by, note, at } = decision;
    await this.database.execute(
      `UPDATE billing.payment_reviews SET decision = $2, decided_by = $3, note = $4, decided_at = $5
        WHERE payment_id = $1 AND decision IS NULL`,
      [paymentId, as, by, note, at],
    );
  }

  /** Payments whose hold has run out while nobody decided, the longest over first. */
  async over(now: Date, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT r.payment_id AS id FROM billing.payment_reviews r JOIN billing.payments p ON p.id = r.payment_id
        WHERE r.decision IS NULL AND r.expires_at <= $1 AND p.status = 'requires_review'
        ORDER BY r.expires_at LIMIT $2`,
      [now, limit],
    );
    return rows.map(({ id }) => id);
  }
}

const WAITS = `r.decision IS NULL AND p.status = 'requires_review'`;
const STATES: Readonly<Record<ReviewState, string>> = {
  open: WAITS,
  approved: `r.decision = 'approved'`,
  rejected: `r.decision = 'rejected'`,
  expired: `r.decision = 'expired'`,
  withdrawn: `r.decision IS NULL AND p.status <> 'requires_review'`,
};
const READ = `
  SELECT r.*, p.order_id, p.customer_id, p.amount, p.captured, p.currency, s.fired, s.risk,
    CASE WHEN ${WAITS} THEN 'open' ELSE coalesce(r.decision, 'withdrawn') END AS state
  FROM billing.payment_reviews r JOIN billing.payments p ON p.id = r.payment_id
  LEFT JOIN billing.screenings s ON s.operation_id = p.operation_id`;

const toReview = (row: Row): PaymentReview => ({
  paymentId: row.payment_id,
  orderId: row.order_id,
  customerId: row.customer_id,
  reason: row.reason,
  state: row.state,
  amount: Money.of(BigInt(row.amount), row.currency),
  captured: Money.of(BigInt(row.captured), row.currency),
  fired: row.fired ?? [],
  risk: row.risk,
  openedAt: row.opened_at,
  expiresAt: row.expires_at,
  note: row.note,
  decidedBy: row.decided_by,
  decidedAt: row.decided_at,
});
