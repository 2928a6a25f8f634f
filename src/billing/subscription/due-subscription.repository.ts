import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { IS_AWAITED, IS_DUE } from './subscription.row.js';

export interface DueOne {
  readonly id: string;
  /** Since when. */
  readonly at: Date;
}

/** Which subscriptions something is due of; none is locked. */
@Injectable()
export class DueSubscriptionRepository {
  constructor(private readonly database: Database) {}

  /** Those of which a period is to be billed or that end with one, the longest overdue first, after the last one of the page before; not locked. */
  due(now: Date, after: DueOne | null, limit: number): Promise<DueOne[]> {
    return this.database.query<DueOne>(DUE, [now, after?.at ?? null, after?.id ?? null, limit]);
  }

  /** Those whose first payment did not come in time, likewise. */
  expired(now: Date, after: DueOne | null, limit: number): Promise<DueOne[]> {
    return this.database.query<DueOne>(EXPIRED, [now, after?.at ?? null, after?.id ?? null, limit]);
  }

  /** When, after this moment, the next period is billed or the next first payment is waited for no longer. */
  async nextDue(after: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(NEXT_DUE, [after]);
    return row?.at ?? null;
  }
}

const NEXT_DUE = `
  SELECT least((SELECT min(s.next_bill_at) FROM billing.subscriptions s WHERE s.next_bill_at > $1 AND ${IS_AWAITED}),
    (SELECT min(expires_at) FROM billing.subscriptions WHERE state = 'incomplete' AND expires_at > $1)) AS at`;
const DUE = `
  SELECT s.id, s.next_bill_at AS at FROM billing.subscriptions s
  WHERE ${IS_DUE} AND ($2::timestamptz IS NULL OR (s.next_bill_at, s.id) > ($2::timestamptz, $3::uuid))
  ORDER BY s.next_bill_at, s.id LIMIT $4`;
const EXPIRED = `
  SELECT id, expires_at AS at FROM billing.subscriptions
  WHERE state = 'incomplete' AND expires_at <= $1 AND ($2::timestamptz IS NULL OR (expires_at, id) > ($2::timestamptz, $3::uuid))
  ORDER BY expires_at, id LIMIT $4`;
