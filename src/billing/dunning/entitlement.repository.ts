import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Entitlement, SubscriptionState } from '../subscription/lifecycle.js';

/** What the decision is made from. */
export interface Standing {
  readonly state: SubscriptionState;
  readonly customerId: string | null;
  /** The entitlement that was told last; null: none was. */
  readonly told: Entitlement | null;
  readonly overdueSince: string | null;
  /** The oldest invoice that is not paid. */
  readonly invoiceId: string | null;
}

/** What subscriptions entitle to. Only `Entitlements` writes it. */
@Injectable()
export class EntitlementRepository {
  constructor(private readonly database: Database) {}

  /** What is known of a subscription, its entitlement locked; null when there is none. */
  async lock(subscriptionId: string): Promise<Standing | null> {
    await this.database.execute(BEGIN, [subscriptionId]);
    await this.database.query('SELECT FROM billing.entitlements WHERE subscription_id = $1 FOR UPDATE', [
      subscriptionId,
    ]);
    const [row] = await this.database.query<Standing>(STANDING, [subscriptionId]);
    return row ?? null;
  }

  async save(subscriptionId: string, entitlement: Entitlement, now: Date): Promise<void> {
    await this.database.execute(
      'UPDATE billing.entitlements SET entitlement = $2, changed_at = $3 WHERE subscription_id = $1',
      [subscriptionId, entitlement, now],
    );
  }

  /** Since which day something of these subscriptions is not paid; those that owe nothing are left out. */
  async overdue(subscriptionIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; since: string }>(OVERDUE, [subscriptionIds]);
    return new Map(rows.map(({ id, since }) => [id, since]));
  }

  /** Subscriptions of which something is not paid, behind `after`. */
  async owing(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(OWING, [after, limit]);
    return rows.map(({ id }) => id);
  }

  /**
   * Invoices of subscriptions that are sent and not collected, and whose day has passed, behind `after`; none of those that are past
   * due already.
   */
  async late(today: string, after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(LATE, [today, after, limit]);
    return rows.map(({ id }) => id);
  }
}

// A row that says nothing yet: its lock is what two who look at once meet at.
const BEGIN = `
  INSERT INTO billing.entitlements (subscription_id, entitlement, changed_at)
  SELECT id, 'none', to_timestamp(0) FROM billing.subscriptions WHERE id = $1
  ON CONFLICT (subscription_id) DO NOTHING`;
// What is collected by itself is unpaid from the day of the invoice; what the customer has to pay, from the day on which it is due.
const SINCE = `CASE WHEN c.invoice_id IS NULL THEN i.due_date ELSE i.issue_date END`;
// Also what was given up after its time: that nobody waits for the money is no reason to give more for it, until something is paid.
const UNPAID = `(i.state = 'open' OR i.state = 'uncollectible'
    AND (c.first_failed_at IS NOT NULL OR c.invoice_id IS NULL AND i.due_date < i.ended_at::date)
    AND NOT EXISTS (SELECT FROM billing.invoices p WHERE p.subscription_id = i.subscription_id AND p.state = 'paid'
      AND (p.finalized_at >= i.ended_at OR EXISTS (SELECT FROM billing.invoice_settlements t
        WHERE t.invoice_id = p.id AND t.at >= i.ended_at))))`;
const STANDING = `
  SELECT s.state, s.customer_id AS "customerId", CASE WHEN e.changed_at > to_timestamp(0) THEN e.entitlement END AS told,
    o.since::text AS "overdueSince", o.id AS "invoiceId"
  FROM billing.subscriptions s JOIN billing.entitlements e ON e.subscription_id = s.id
  LEFT JOIN LATERAL (
    SELECT i.id, ${SINCE} AS since
    FROM billing.invoices i LEFT JOIN billing.collections c ON c.invoice_id = i.id
    WHERE i.subscription_id = s.id AND ${UNPAID} ORDER BY 2, i.id LIMIT 1
  ) o ON true
  WHERE s.id = $1`;
const OVERDUE = `
  SELECT i.subscription_id AS id, min(${SINCE})::text AS since
  FROM billing.invoices i LEFT JOIN billing.collections c ON c.invoice_id = i.id
  WHERE i.subscription_id = ANY ($1::uuid[]) AND ${UNPAID} GROUP BY 1`;
const OWING = `
  SELECT DISTINCT i.subscription_id AS id FROM billing.invoices i JOIN billing.subscriptions s ON s.id = i.subscription_id
  WHERE (i.state = 'open' AND s.state IN ('past_due', 'active', 'unpaid') OR i.state = 'uncollectible' AND s.state = 'past_due') AND ($1::uuid IS NULL OR i.subscription_id > $1)
  ORDER BY 1 LIMIT $2`;
const LATE = `
  SELECT i.id FROM billing.invoices i JOIN billing.subscriptions s ON s.id = i.subscription_id
  WHERE i.state = 'open' AND i.due_date < $1::date AND s.state = 'active'
    AND NOT EXISTS (SELECT FROM billing.collections c WHERE c.invoice_id = i.id) AND ($2::uuid IS NULL OR i.id > $2)
  ORDER BY i.id LIMIT $3`;
