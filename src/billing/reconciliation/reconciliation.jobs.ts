import { Clock } from '../../platform/clock.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { Reconciliation } from './reconciliation.service.js';
import { StaffReconciliation } from './staff-reconciliation.service.js';

/** Hours (UTC) in which the nightly run may begin; when nothing ran in the first of them, one of the others does it. */
const NIGHT = [2, 3, 4, 5];

/** The account of the gateway against the books, every night and when somebody asks. */
@Subscriber()
export class ReconciliationJobs {
  constructor(
    private readonly reconciliation: Reconciliation,
    private readonly staff: StaffReconciliation,
    private readonly clock: Clock,
  ) {}

  @Every('15s', 'billing.reconcile')
  work(): Promise<void> {
    return this.reconciliation.work();
  }

  @Every('30m', 'billing.plan_reconciliation')
  async plan(): Promise<void> {
    if (NIGHT.includes(this.clock.now().getUTCHours())) await this.staff.startNightly();
  }
}
