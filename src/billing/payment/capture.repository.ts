import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Money } from '../../platform/money/money.js';

/** So often a hold is to be let go at the end of its time; the pauses together are some five days. */
export const RELEASE_TRIES = 6;

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

  /**
   * Holds that end before `soon` and of which nobody was told, and those that are over; the first to end first. One that was not let
   * go waits for its next try, and after the last one for a person, so that it keeps no other out.
   */
  async ending(now: Date, soon: Date, limit: number): Promise<EndingHold[]> {
    return this.database.query<EndingHold>(
      `SELECT id, capture_before <= $1 AS "isOver" FROM billing.payments
        WHERE status = 'authorized' AND ((capture_before <= $1 AND release_tries < $4 AND (release_after IS NULL OR release_after <= $1))
            OR (capture_before <= $2 AND expiry_told_at IS NULL AND capture_before > $1))
        ORDER BY capture_before, id LIMIT $3`,
      [now, soon, limit, RELEASE_TRIES],
    );
  }

  /** Its release is tried now, and again after a pause that grows. How often that was done; null: somebody else has just tried. */
  async tryRelease(paymentId: string, now: Date): Promise<number | null> {
    const [row] = await this.database.query<{ tries: number }>(
      `UPDATE billing.payments SET release_tries = release_tries + 1,
         release_after = $2::timestamptz + interval '5 minutes' * power(4, release_tries)
        WHERE id = $1 AND (release_after IS NULL OR release_after <= $2) RETURNING release_tries AS tries`,
      [paymentId, now],
    );
    return row?.tries ?? null;
  }

  /** It cannot be tried now: others come before it. */
  async lookLater(paymentId: string, at: Date): Promise<void> {
    await this.database.execute(
      'UPDATE billing.payments SET release_after = greatest(release_after, $2) WHERE id = $1',
      [paymentId, at],
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
