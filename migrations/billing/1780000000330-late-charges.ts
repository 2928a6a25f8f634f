import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Money that comes when its payment is canceled or paid by another charge gets rows of its own. Counted in the payment it
 * made a paid order read as partially refunded, and its refund could go to another charge.
 */
export class BillingLateCharges1780000000330 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.late_charges (
        -- The attempt that brought the money.
        id uuid NOT NULL CONSTRAINT late_charges_pkey PRIMARY KEY
          CONSTRAINT late_charges_operation_fkey REFERENCES billing.operations (id),
        payment_id uuid NOT NULL CONSTRAINT late_charges_payment_fkey REFERENCES billing.payments (id),
        gateway_ref text NOT NULL,
        captured bigint NOT NULL,
        currency text NOT NULL,
        refund_reserved bigint NOT NULL DEFAULT 0,
        refunded bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        CONSTRAINT late_charges_refunds_check
          CHECK (0 <= refunded AND refunded <= refund_reserved AND refund_reserved <= captured)
      );
      CREATE INDEX late_charges_payment ON billing.late_charges (payment_id);
      ALTER TABLE billing.operations
        ADD COLUMN charge_id uuid CONSTRAINT operations_charge_fkey REFERENCES billing.late_charges (id);
      ALTER TABLE billing.refunds
        ADD COLUMN charge_id uuid CONSTRAINT refunds_charge_fkey REFERENCES billing.late_charges (id);

      -- What came late so far was counted in its payment and had a refund of its own; in another currency it was
      -- counted nowhere, and only the books know it. A payment whose amounts cannot be told apart keeps them.
      WITH found AS (
        SELECT a.id, a.payment_id, a.gateway_ref, r.amount AS captured, r.currency, r.created_at
          FROM billing.refunds r
          JOIN billing.operations o ON o.id = r.operation_id
          JOIN billing.operations a ON a.payment_id = r.payment_id AND a.gateway_ref = o.gateway_ref AND a.kind = 'authorize'
         WHERE r.reason = 'late_payment' AND r.requested_by = 'system'
        UNION ALL
        SELECT a.id, a.payment_id, a.gateway_ref, e.amount, e.currency, t.effective_at
          FROM billing.ledger_transactions t
          JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.amount > 0
          JOIN billing.operations a ON a.id = t.source_id AND a.kind = 'authorize' AND a.gateway_ref IS NOT NULL
          JOIN billing.payments p ON p.id = a.payment_id
         WHERE t.kind = 'payment_captured' AND e.currency <> p.currency
           AND (p.operation_id <> a.id OR p.status <> 'requires_review')
      ), late AS (
        SELECT DISTINCT ON (f.id) f.*, p.currency = f.currency AS is_counted
          FROM found f JOIN billing.payments p ON p.id = f.payment_id ORDER BY f.id, f.created_at
      ), drawn AS (
        SELECT late.*, d.reserved, d.refunded
          FROM late CROSS JOIN LATERAL (
            SELECT coalesce(sum(r.amount) FILTER (WHERE r.status <> 'failed'), 0)::bigint AS reserved,
              coalesce(sum(r.amount) FILTER (WHERE r.status = 'succeeded'), 0)::bigint AS refunded
              FROM billing.operations o JOIN billing.refunds r ON r.operation_id = o.id
             WHERE o.payment_id = late.payment_id AND o.gateway_ref = late.gateway_ref AND o.currency = late.currency
          ) d
      ), moved AS (
        UPDATE billing.payments p
           SET captured = p.captured - t.captured, refund_reserved = p.refund_reserved - t.reserved,
             refunded = p.refunded - t.refunded
          FROM (SELECT payment_id, sum(captured)::bigint AS captured, sum(reserved)::bigint AS reserved,
                  sum(refunded)::bigint AS refunded
                  FROM drawn WHERE is_counted GROUP BY payment_id HAVING bool_and(reserved <= captured)) t
         WHERE p.id = t.payment_id AND 0 <= p.refunded - t.refunded
           AND p.refunded - t.refunded <= p.refund_reserved - t.reserved
           AND p.refund_reserved - t.reserved <= p.captured - t.captured
        RETURNING p.id
      ), kept AS (
        INSERT INTO billing.late_charges
          (id, payment_id, gateway_ref, captured, currency, refund_reserved, refunded, created_at)
        SELECT id, payment_id, gateway_ref, captured, currency, reserved, refunded, created_at
          FROM drawn
         WHERE reserved <= captured AND (NOT is_counted OR payment_id IN (SELECT id FROM moved))
        RETURNING id, payment_id, gateway_ref, currency
      ), calls AS (
        UPDATE billing.operations o SET charge_id = kept.id
          FROM kept
         WHERE o.kind = 'refund' AND o.payment_id = kept.payment_id AND o.gateway_ref = kept.gateway_ref
           AND o.currency = kept.currency
        RETURNING o.id, o.charge_id
      )
      UPDATE billing.refunds r SET charge_id = calls.charge_id FROM calls WHERE r.operation_id = calls.id;

      -- Late money in another currency waits at its own charge now: nothing of the payment is left to look at.
      UPDATE billing.payments p SET review_reason = NULL
        FROM billing.late_charges c
       WHERE c.payment_id = p.id AND c.currency <> p.currency AND p.review_reason = 'currency_mismatch'
         AND p.status <> 'requires_review';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE billing.payments p
         SET captured = p.captured + t.captured, refund_reserved = p.refund_reserved + t.reserved,
           refunded = p.refunded + t.refunded
        FROM (SELECT payment_id, currency, sum(captured)::bigint AS captured, sum(refund_reserved)::bigint AS reserved,
                sum(refunded)::bigint AS refunded
                FROM billing.late_charges GROUP BY payment_id, currency) t
       WHERE p.id = t.payment_id AND p.currency = t.currency;
      ALTER TABLE billing.refunds DROP COLUMN charge_id;
      ALTER TABLE billing.operations DROP COLUMN charge_id;
      DROP TABLE billing.late_charges;
    `);
  }
}
