import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Money } from '../../platform/money/money.js';
import type { ReceivedKind } from '../payment/payment.entity.js';

export interface Receipt {
  readonly id: string;
  readonly paymentId: string;
  readonly method: ReceivedKind;
  /** What the bank or the till calls it: unique, so that nothing is counted twice. */
  readonly reference: string;
  readonly receivedAt: Date;
  /** Null: not a person. */
  readonly recordedBy: string | null;
}

export interface AwaitedRow {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string | null;
  readonly amount: Money;
  readonly buyer: object;
  readonly accessHash: Buffer | null;
}

/** Money that came without a gateway, and transfers that are awaited. */
@Injectable()
export class ReceiptRepository {
  constructor(private readonly database: Database) {}

  async knows(method: ReceivedKind, reference: string): Promise<boolean> {
    const rows = await this.database.query(
      'SELECT FROM billing.receipts WHERE method = $1 AND reference = $2',
      [method, reference],
    );
    return rows.length > 0;
  }

  /** False when the reference is known. */
  async add(receipt: Receipt, now: Date): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO billing.receipts (id, payment_id, method, reference, received_at, recorded_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (method, reference) DO NOTHING RETURNING id`,
      [
        receipt.id,
        receipt.paymentId,
        receipt.method,
        receipt.reference,
        receipt.receivedAt,
        receipt.recordedBy,
        now,
      ],
    );
    return rows.length > 0;
  }

  /** A transfer that the buyer has promised: a payment that no gateway is asked for. */
  async addAwaited(row: AwaitedRow, now: Date): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.payments
         (id, order_id, customer_id, status, amount, currency, gateway, operation_id, buyer, access_hash, created_at, updated_at)
       VALUES ($1, $2, $3, 'requires_action', $4, $5, 'bank_transfer', $1, $6, $7, $8, $8)`,
      [
        row.id,
        row.orderId,
        row.customerId,
        row.amount.amount,
        row.amount.currency,
        row.buyer,
        row.accessHash,
        now,
      ],
    );
  }

  /** Part of what was awaited is there; the caller holds the lock of the payment. */
  async awaitLess(paymentId: string, amount: Money, now: Date): Promise<void> {
    await this.database.execute(
      'UPDATE billing.payments SET amount = $2, version = version + 1, updated_at = $3 WHERE id = $1',
      [paymentId, amount.amount, now],
    );
  }
}
