import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** What waits for the clock: orders and changes of orders that nobody has paid. */
@Injectable()
export class NextDueRepository {
  constructor(private readonly database: Database) {}

  /** When the first of them is over, of those that are not yet; null when none waits. */
  async nextExpiry(after: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(NEXT_EXPIRY, [after]);
    return row?.at ?? null;
  }
}

const NEXT_EXPIRY = `
  SELECT least(
    (SELECT min(expires_at) FROM ordering.orders WHERE status = 'pending_payment' AND expires_at > $1),
    (SELECT min(expires_at) FROM ordering.order_changes WHERE state = 'awaiting_payment' AND expires_at > $1)
  ) AS at`;
