import type { EndPolicy, OverduePolicy } from '../subscription/lifecycle.js';

/** How unpaid invoices are collected. One policy is the default: collections begin with it. */
export interface DunningPolicy extends OverduePolicy {
  readonly id: string;
  readonly name: string;
  /** Days after the first failure on which it is tried again, rising. */
  readonly retryDays: readonly number[];
  /** What becomes of the subscription when the last attempt has failed. */
  readonly endAction: EndPolicy;
  /** Days after the day of the oldest unpaid invoice on which it ends, whatever is still to be tried; null: it does not. */
  readonly cancelAfterDays: number | null;
  readonly isDefault: boolean;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
