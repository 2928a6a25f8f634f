import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface UsedTrial {
  /** Of the plan. */
  readonly id: string;
  readonly plan: string;
  readonly subscriptionId: string;
  readonly startedAt: Date;
  readonly endsAt: Date | null;
}

/** Which customer has had a trial of which plan: one of each, whoever else asks at the same time. */
@Injectable()
export class TrialRepository {
  constructor(private readonly database: Database) {}

  /**
   * In the transaction that begins the subscription: false when the customer has had a trial of the plan. One who begins at the
   * same moment waits here until that is known.
   */
  async take(customerId: string, planId: string, subscriptionId: string): Promise<boolean> {
    const taken = await this.database.execute(
      'INSERT INTO billing.trials (customer_id, plan_id, subscription_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [customerId, planId, subscriptionId],
    );
    return taken === 1;
  }

  /** The subscription never began: its trial may still be had. */
  async giveBack(subscriptionId: string): Promise<void> {
    await this.database.execute('DELETE FROM billing.trials WHERE subscription_id = $1', [subscriptionId]);
  }

  /** For the copy of all that is kept of a customer: of which plans a trial was had, by their ids, behind `after`. */
  ofCustomer(customerId: string, after: string | null, limit: number): Promise<UsedTrial[]> {
    return this.database.query<UsedTrial>(OF_CUSTOMER, [customerId, after, limit]);
  }

  async forget(customerId: string): Promise<void> {
    await this.database.execute('DELETE FROM billing.trials WHERE customer_id = $1', [customerId]);
  }
}

const OF_CUSTOMER = `
  SELECT t.plan_id AS id, p.code AS plan, t.subscription_id AS "subscriptionId", s.created_at AS "startedAt",
    s.trial_ends_at AS "endsAt"
  FROM billing.trials t JOIN billing.plans p ON p.id = t.plan_id JOIN billing.subscriptions s ON s.id = t.subscription_id
  WHERE t.customer_id = $1 AND ($2::uuid IS NULL OR t.plan_id > $2) ORDER BY t.plan_id LIMIT $3`;
