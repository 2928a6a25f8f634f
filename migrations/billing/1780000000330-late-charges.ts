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

      -- What was counted in payments so far moves out of them, unless a refund has gone to the wrong charge meanwhile.
      WITH late AS (
        SELECT a.id, r.id AS refund_id, r.operation_id, r.payment_id, o.gateway_ref, r.amount, r.currency, r.created_at,
          CASE WHEN r.status = 'failed' THEN 0 ELSE r.amount END AS reserved,
          CASE WHEN r.status = 'succeeded' THEN r.amount ELSE 0 END AS refunded
          FROM billing.refunds r
          JOIN billing.operations o ON o.id = r.operation_id
          JOIN billing.operations a ON a.payment_id = r.payment_id AND a.gateway_ref = o.gateway_ref AND a.kind = 'authorize'
         WHERE r.reason = 'late_payment' AND r.requested_by = 'system'
      ), moved AS (
        UPDATE billing.payments p
           SET captured = p.captured - t.captured, refund_reserved = p.refund_reserved - t.reserved,
             refunded = p.refunded - t.refunded
          FROM (SELECT payment_id, sum(amount)::bigint AS captured, sum(reserved)::bigint AS reserved,
                  sum(refunded)::bigint AS refunded
                  FROM late GROUP BY payment_id) t
         WHERE p.id = t.payment_id AND p.refund_reserved - t.reserved <= p.captured - t.captured
        RETURNING p.id
      ), kept AS (
        INSERT INTO billing.late_charges
          (id, payment_id, gateway_ref, captured, currency, refund_reserved, refunded, created_at)
        SELECT late.id, payment_id, gateway_ref, amount, currency, reserved, refunded, created_at
          FROM late JOIN moved ON moved.id = late.payment_id
        RETURNING id
      ), refunds AS (
        UPDATE billing.refunds r SET charge_id = late.id FROM late JOIN kept ON kept.id = late.id WHERE r.id = late.refund_id
      )
      UPDATE billing.operations o SET charge_id = late.id
        FROM late JOIN kept ON kept.id = late.id WHERE o.id = late.operation_id;
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
