import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

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

  async forget(customerId: string): Promise<void> {
    await this.database.execute('DELETE FROM billing.trials WHERE customer_id = $1', [customerId]);
  }
}
