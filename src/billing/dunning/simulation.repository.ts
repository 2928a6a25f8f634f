import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import type { PastAttempt, PastCollection } from './simulation.js';

interface Row {
  amount: string;
  currency: string;
  firstFailedAt: Date;
  paidAt: Date | null;
  attempts: (Omit<PastAttempt, 'at'> & { at: string })[];
}

/** Collections that failed and are over, for who wants to know how others would have done. */
@Injectable()
export class SimulationRepository {
  constructor(private readonly database: Database) {}

  /** Those that first failed in the time; the newest, if there are more than `limit`. */
  async past(from: Date, to: Date, limit: number): Promise<PastCollection[]> {
    const rows = await this.database.query<Row>(PAST, [from, to, limit]);
    return rows.map(({ amount, currency, firstFailedAt, paidAt, attempts }) => ({
      ...{ firstFailedAt, paidAt, amount: Money.of(BigInt(amount), currency) },
      attempts: attempts.map((each) => ({ ...each, at: new Date(each.at) })),
    }));
  }
}

const PAST = `
  SELECT i.total::text AS amount, i.currency, c.first_failed_at AS "firstFailedAt",
    CASE WHEN c.state = 'paid' THEN c.ended_at END AS "paidAt",
    (SELECT coalesce(json_agg(json_build_object('at', a.at, 'kind', a.kind, 'outcome', a.outcome, 'code', a.code,
        'advice', a.advice) ORDER BY a.id), '[]')
      FROM billing.collection_attempts a WHERE a.invoice_id = c.invoice_id AND a.outcome IS NOT NULL) AS attempts
  FROM billing.collections c JOIN billing.invoices i ON i.id = c.invoice_id
  WHERE c.first_failed_at >= $1 AND c.first_failed_at < $2 AND c.state IN ('paid', 'ended')
  ORDER BY c.first_failed_at DESC LIMIT $3`;
