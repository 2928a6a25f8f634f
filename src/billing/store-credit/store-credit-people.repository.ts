import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Subject } from '../../platform/personal-data/personal-data.js';

interface Row {
  id: string;
}

/** Store credit by the customer who has it. */
@Injectable()
export class StoreCreditPeopleRepository {
  constructor(private readonly database: Database) {}

  credits({ customerId }: Subject, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(CREDITS, [customerId, after?.id ?? null, limit]);
  }

  async hold(customerId: string): Promise<void> {
    await this.database.query(
      'SELECT FROM billing.store_credits WHERE customer_id = $1 ORDER BY id FOR UPDATE',
      [customerId],
    );
  }

  /** Amounts and days stay for the books; whose credit it was, and what was written about it, does not. */
  async anonymise({ customerId }: Subject): Promise<void> {
    if (customerId === null) return;
    await this.database.execute(
      'UPDATE billing.store_credits SET customer_id = NULL WHERE customer_id = $1',
      [customerId],
    );
  }
}

const CREDITS = `
  SELECT c.id, c.currency, c.balance::text, c.created_at AS "createdAt",
    (SELECT json_agg(json_build_object('kind', e.kind, 'amount', e.amount::text, 'orderId', e.order_id, 'reason', e.reason,
      'expiresAt', e.expires_at, 'at', e.at) ORDER BY e.id) FROM billing.store_credit_entries e WHERE e.account_id = c.id) AS entries
  FROM billing.store_credits c WHERE c.customer_id = $1 AND ($2::uuid IS NULL OR c.id > $2) ORDER BY c.id LIMIT $3`;
