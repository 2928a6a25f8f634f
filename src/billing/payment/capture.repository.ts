import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Money } from '../../platform/money/money.js';

/** A hold that ends soon, or has ended. */
export interface EndingHold {
  readonly id: string;
  readonly isOver: boolean;
}

/** Holds: what of them captures have taken room for, and when they end. */
@Injectable()
export class CaptureRepository {
  constructor(private readonly database: Database) {}

  /** Takes room for a capture out of a hold; however many ask at once, together they never get more than is held. */
  async reserve(paymentId: string, amount: Money): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE billing.payments SET capture_reserved = capture_reserved + $2, version = version + 1
        WHERE id = $1 AND status = 'authorized' AND currency = $3 AND capture_reserved + $2 <= amount RETURNING id`,
      [paymentId, amount.amount, amount.currency],
    );
    return rows.length > 0;
  }

  /** Holds that end before `soon` and of which nobody was told, and those that are over; the first to end first. */
  async ending(now: Date, soon: Date, limit: number): Promise<EndingHold[]> {
    return this.database.query<EndingHold>(
      `SELECT id, capture_before <= $1 AS "isOver" FROM billing.payments
        WHERE status = 'authorized' AND (capture_before <= $1 OR (capture_before <= $2 AND expiry_told_at IS NULL))
        ORDER BY capture_before, id LIMIT $3`,
      [now, soon, limit],
    );
  }

  /** When the first hold ends, of those that have not ended yet; null when nothing is held. */
  async nextEnd(after: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      `SELECT min(capture_before) AS at FROM billing.payments WHERE status = 'authorized' AND capture_before > $1`,
      [after],
    );
    return row?.at ?? null;
  }

  /** True for the one who is to tell. */
  async tellOnce(paymentId: string, now: Date): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE billing.payments SET expiry_told_at = $2 WHERE id = $1 AND status = 'authorized' AND expiry_told_at IS NULL
       RETURNING id`,
      [paymentId, now],
    );
    return rows.length > 0;
  }
}
