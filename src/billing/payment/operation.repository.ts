import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Money } from '../../platform/money/money.js';
import type { ToScreen } from '../fraud/fraud-screen.service.js';
import { SCREENING, type ScreeningColumns, toScreen } from '../fraud/screening.rows.js';
import type { Operation, OperationKind } from './operation.entity.js';
import type { Payment } from './payment.entity.js';
import { OPERATION, type OperationColumns, toOperation } from './payment.rows.js';

/** What a call to the gateway needs to know of its operation. */
export interface PreparedCall {
  readonly operation: Operation;
  /** The gateway that the payment was opened with. */
  readonly gateway: string;
  readonly token: string | null;
  /** A kept method, in place of a token. */
  readonly method: { customerRef: string; methodRef: string } | null;
  readonly customerId: string | null;
  readonly capture: 'automatic' | 'manual';
  readonly returnUrl: string | null;
  readonly chargeRef: string | null;
  /** Null: nobody screens it. */
  readonly attempt: ToScreen | null;
  /** Of the kept method. */
  readonly fingerprint: string | null;
}

interface PreparedColumns {
  token: string | null;
  return_url: string | null;
  charge_ref: string | null;
  capture: 'automatic' | 'manual';
  gateway: string;
  customer_id: string | null;
  method_ref: string | null;
  customer_ref: string | null;
  fingerprint: string | null;
}

/** Calls to gateways: what is to be sent, what was, and what somebody must look at. Their outcomes are written with their payment. */
@Injectable()
export class OperationRepository {
  constructor(private readonly database: Database) {}

  /** An operation that the house itself wants done: it is due at once and is sent by a job. */
  async add(
    payment: Payment,
    fields: {
      id: string;
      kind: OperationKind;
      ref: string;
      amount: Money;
      refundId: string | null;
      chargeId: string | null;
      /** Of a capture: whether the rest of the hold is released. */
      final?: boolean;
      now: Date;
      nextCheckAt: Date | null;
    },
  ): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.operations
         (id, payment_id, kind, status, attempt, amount, currency, gateway_ref, refund_id, charge_id, next_check_at, created_at, updated_at, final)
       VALUES ($1, $2, $3, 'created', $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)`,
      [
        fields.id,
        payment.id,
        fields.kind,
        payment.attempts,
        fields.amount.amount,
        fields.amount.currency,
        fields.ref,
        fields.refundId,
        fields.chargeId,
        fields.nextCheckAt,
        fields.now,
        fields.final ?? true,
      ],
    );
  }

  async prepared(operationId: string): Promise<PreparedCall | null> {
    const [row] = await this.database.query<OperationColumns & PreparedColumns & ScreeningColumns>(
      `SELECT ${OPERATION}, o.token, p.return_url, coalesce(o.gateway_ref, p.gateway_ref) AS charge_ref, p.capture, p.gateway,
         p.customer_id, m.ref AS method_ref, m.customer_ref, m.fingerprint, ${SCREENING}
         FROM billing.operations o JOIN billing.payments p ON p.id = o.payment_id
         LEFT JOIN billing.payment_methods m ON m.id = o.method_id
         LEFT JOIN billing.screenings s ON s.operation_id = o.id WHERE o.id = $1`,
      [operationId],
    );
    return row
      ? {
          operation: toOperation(row),
          gateway: row.gateway,
          token: row.token,
          returnUrl: row.return_url,
          chargeRef: row.charge_ref,
          method:
            row.method_ref !== null && row.customer_ref !== null
              ? { customerRef: row.customer_ref, methodRef: row.method_ref }
              : null,
          customerId: row.customer_id,
          capture: row.capture,
          attempt: toScreen(row),
          fingerprint: row.fingerprint,
        }
      : null;
  }

  /** The operations of a payment, oldest first. */
  async ofPayment(paymentId: string): Promise<Operation[]> {
    const rows = await this.database.query<OperationColumns>(
      `SELECT ${OPERATION} FROM billing.operations o WHERE payment_id = $1 ORDER BY created_at, id`,
      [paymentId],
    );
    return rows.map(toOperation);
  }

  /** Whether what a payment holds is being released, or captured for the last time. */
  async isEnding({ id, gatewayRef }: Payment): Promise<boolean> {
    const [row] = await this.database.query<object>(
      `SELECT FROM billing.operations WHERE payment_id = $1 AND gateway_ref = $2 AND status NOT IN ('failed', 'succeeded')
         AND (kind = 'void' OR (kind = 'capture' AND final)) LIMIT 1`,
      [id, gatewayRef],
    );
    return row !== undefined;
  }

  /** Claims what is due for a look, pushing each to its next hour, so that two workers never take the same. */
  async claimDue(
    now: Date,
    limit: number,
    next: (operation: Operation) => Date | null,
  ): Promise<Operation[]> {
    const rows = await this.database.query<OperationColumns>(
      `SELECT ${OPERATION} FROM billing.operations o
        WHERE next_check_at <= $1 ORDER BY next_check_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [now, limit],
    );
    const operations = rows.map(toOperation);
    if (operations.length > 0) {
      await this.database.execute(
        `UPDATE billing.operations o SET checks = checks + 1, next_check_at = due.next
           FROM unnest($1::uuid[], $2::timestamptz[]) AS due (id, next) WHERE o.id = due.id`,
        [operations.map(({ id }) => id), operations.map(next)],
      );
    }
    return operations;
  }

  /** A person has to look at it, unless it is decided or told already; answers whether that is new. */
  async needAttention(id: string, now: Date): Promise<boolean> {
    const told = await this.database.execute(
      `UPDATE billing.operations SET attention_since = $2 WHERE id = $1 AND attention_since IS NULL AND ${OPEN}`,
      [id, now],
    );
    return told === 1;
  }

  /** It is asked about again, from the first pause; null when it is decided or not of this payment. */
  async startOver(paymentId: string, id: string, now: Date): Promise<Operation | null> {
    const [row] = await this.database.query<OperationColumns>(
      `UPDATE billing.operations o SET checks = 0, next_check_at = $3, attention_since = NULL
        WHERE id = $2 AND payment_id = $1 AND ${OPEN} RETURNING ${OPERATION}`,
      [paymentId, id, now],
    );
    return row ? toOperation(row) : null;
  }
}

/** Not decided, as far as anybody knows today. */
const OPEN = `(status IN ('created', 'pending', 'unknown') OR (status = 'errored' AND kind <> 'authorize'))`;
