import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

interface Row {
  id: string;
}

/** Collections by the person whose money they are about. */
@Injectable()
export class DunningPeopleRepository {
  constructor(private readonly database: Database) {}

  theirs(customerId: string | null, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(THEIRS, [customerId, after?.id ?? null, limit]);
  }

  async hold(customerId: string): Promise<void> {
    await this.database.query(
      'SELECT FROM billing.collections WHERE customer_id = $1 ORDER BY invoice_id FOR UPDATE',
      [customerId],
    );
  }

  /** Nobody is asked for the money any more, and nothing says who it was: not even which card. Before their invoices forget them. */
  async anonymise(customerId: string, now: Date): Promise<void> {
    await this.database.execute(FORGET_CARDS, [customerId]);
    await this.database.execute(FORGET_LINKS, [customerId]);
    await this.database.execute(ANONYMISE, [customerId, now]);
  }
}

const THEIRS = `
  SELECT c.invoice_id AS id, c.state, c.first_failed_at AS "firstFailedAt", c.created_at AS "createdAt", c.ended_at AS "endedAt",
    (SELECT coalesce(json_agg(json_build_object('kind', a.kind, 'at', a.at, 'amount', a.amount::text, 'currency', a.currency,
        'brand', a.brand, 'outcome', a.outcome, 'code', a.code) ORDER BY a.id), '[]')
      FROM billing.collection_attempts a WHERE a.invoice_id = c.invoice_id) AS attempts
  FROM billing.collections c
  WHERE c.customer_id = $1 AND ($2::uuid IS NULL OR c.invoice_id > $2) ORDER BY c.invoice_id LIMIT $3`;
const FORGET_CARDS = `
  UPDATE billing.collection_attempts a SET fingerprint = NULL
  FROM billing.collections c WHERE c.invoice_id = a.invoice_id AND c.customer_id = $1`;
const FORGET_LINKS = `
  DELETE FROM billing.invoice_links l USING billing.invoices i WHERE i.id = l.invoice_id AND i.customer_id = $1`;
const ANONYMISE = `
  UPDATE billing.collections SET customer_id = NULL, method_id = NULL, step_at = NULL, extra_at = NULL, remind_at = NULL,
    ended_at = CASE WHEN state = 'collecting' THEN $2 ELSE ended_at END,
    state = CASE WHEN state = 'collecting' THEN 'stopped' ELSE state END
  WHERE customer_id = $1`;
