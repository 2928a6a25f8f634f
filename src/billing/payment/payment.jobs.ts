import { Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { Operation } from './operation.entity.js';
import { OperationRepository } from './operation.repository.js';
import { PaymentService } from './payment.service.js';

const AT_ONCE = 50;

/** Finds out what became of operations whose outcome nobody heard: no amount stays in limbo. */
@Subscriber()
export class PaymentJobs {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly payments: PaymentService,
    private readonly operations: OperationRepository,
    private readonly calls: GatewayCalls,
    private readonly clock: Clock,
  ) {}

  @Every('30s', 'billing.repair')
  async repair(): Promise<void> {
    let looked = AT_ONCE;
    while (looked === AT_ONCE) looked = await this.repairSome();
  }

  private async repairSome(): Promise<number> {
    const due = await this.database.transaction(() => {
      const now = this.clock.now();
      return this.operations.claimDue(now, AT_ONCE, ({ status, kind, checks }) =>
        Operation.nextCheck(status, kind, checks + 1, now),
      );
    });
    for (const operation of due) await this.look(operation);
    return due.length;
  }

  private async look({ id, paymentId, status, kind, checks }: Operation): Promise<void> {
    try {
      const outcome = await this.calls.ask(id);
      await this.database.transaction(() => this.payments.settle(id, outcome));
    } catch (error) {
      // The gateway is away or one operation is odd: the others still get their look, this one has its next hour.
      this.log.warn(`operation ${id} could not be repaired: ${String(error)}`);
    }
    if (!Operation.isOverdue(status, kind, checks + 1)) return;
    if (await this.operations.needAttention(id, this.clock.now()))
      this.log.error(`payment ${paymentId} needs a person: nobody knows what became of its ${kind} ${id}`);
  }
}
