import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { ERASED_ADDRESS, ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import type { Subject } from '../../platform/personal-data/personal-data.js';

interface Row {
  id: string;
}

/** Payments by the person who pays: the customer's own, and those of a guest with the address. */
@Injectable()
export class PaymentPersonalDataRepository {
  constructor(private readonly database: Database) {}

  payments({ customerId, email }: Subject, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(PAYMENTS, [customerId, email, after?.id ?? null, limit]);
  }

  /** Whether money may still move: an outcome that nobody knows, a hold, a refund on its way, a case for a person. */
  async isOpen({ customerId, email }: Subject): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(OPEN, [customerId, email]);
    return row?.found ?? false;
  }

  async hold({ customerId, email }: Subject): Promise<void> {
    await this.database.query(HOLD, [customerId, email]);
  }

  /** Amounts, dates and the gateway's references stay for the books; who paid does not. */
  async anonymise({ customerId, email }: Subject): Promise<void> {
    const values = [
      customerId,
      email,
      ERASED_EMAIL,
      JSON.stringify(ERASED_ADDRESS),
      ERASED_ADDRESS.firstName,
    ];
    await this.database.execute(FORGET_SCREENINGS, [customerId, email]);
    await this.database.execute(ANONYMISE, values);
  }
}

/** The rows of the payments `p` that are the person's: two conditions, each with an index. */
const THEIRS = `(p.customer_id = $1::uuid OR (p.customer_id IS NULL AND lower(p.buyer ->> 'email') = lower($2)))`;
const PAYMENTS = `
  SELECT p.id, p.order_id AS "orderId", p.status, p.amount, p.currency, p.captured, p.refunded, p.gateway, p.last4,
    p.gateway_ref AS "gatewayRef", p.buyer, p.return_url AS "returnUrl", p.created_at AS "createdAt",
    coalesce((SELECT json_agg(json_build_object('amount', r.amount::text, 'currency', r.currency, 'status', r.status,
      'reason', r.reason, 'createdAt', r.created_at, 'settledAt', r.settled_at) ORDER BY r.id)
      FROM billing.refunds r WHERE r.payment_id = p.id), '[]') AS refunds
  FROM billing.payments p WHERE ${THEIRS} AND ($3::uuid IS NULL OR p.id > $3) ORDER BY p.id LIMIT $4`;
// As all payments of one order, or one invoice, are locked.
const HOLD = `SELECT FROM billing.payments p WHERE ${THEIRS} ORDER BY p.created_at, p.id FOR UPDATE`;
const OPEN = `
  SELECT EXISTS (
    SELECT FROM billing.payments p
    WHERE ${THEIRS} AND (p.status IN ('processing', 'requires_action', 'authorized', 'requires_review')
      OR EXISTS (SELECT FROM billing.refunds r WHERE r.payment_id = p.id AND r.status = 'pending')
      OR EXISTS (SELECT FROM billing.operations o WHERE o.payment_id = p.id AND o.status IN ('created', 'pending', 'unknown')))
  ) AS found`;
// Digests tell a person from others as long as somebody has the key; the words of who decided may name anybody.
const FORGET_SCREENINGS = `
  WITH theirs AS (
    SELECT p.id FROM billing.payments p WHERE ${THEIRS}
  ), notes AS (
    UPDATE billing.payment_reviews r SET note = NULL FROM theirs WHERE r.payment_id = theirs.id AND r.note IS NOT NULL
  ), attempts AS (
    SELECT o.id FROM billing.operations o JOIN theirs ON o.payment_id = theirs.id
    UNION ALL SELECT id FROM billing.payment_method_setups WHERE customer_id = $1::uuid
  ), marks AS (
    DELETE FROM billing.screening_marks m USING attempts WHERE m.operation_id = attempts.id
  )
  DELETE FROM billing.screenings s USING attempts WHERE s.operation_id = attempts.id`;
// A program's reasons are codes; a person's are words, and nobody knows what they say.
const ANONYMISE = `
  WITH held AS (
    SELECT p.id FROM billing.payments p WHERE ${THEIRS} ORDER BY p.created_at, p.id FOR UPDATE
  ), reasons AS (
    UPDATE billing.refunds r SET reason = lower($5) FROM held WHERE r.payment_id = held.id AND r.requested_by <> 'system'
  )
  UPDATE billing.payments p
  SET customer_id = NULL, access_hash = NULL, return_url = NULL, next_action_url = NULL,
    buyer = CASE WHEN p.buyer IS NOT NULL THEN jsonb_build_object('email', $3::text, 'name', $5::text, 'billingAddress',
      CASE WHEN jsonb_typeof(p.buyer -> 'billingAddress') = 'object' THEN $4::jsonb || jsonb_build_object(
        'country', p.buyer -> 'billingAddress' -> 'country', 'region', p.buyer -> 'billingAddress' -> 'region') END) END,
    version = p.version + 1
  FROM held WHERE p.id = held.id`;
