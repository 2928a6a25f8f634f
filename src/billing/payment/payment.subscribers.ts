import { Database } from '../../platform/database/database.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { DisputeClosed, OperationScheduled } from '../billing.events.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { PaymentEnd } from './payment-end.service.js';
import { PaymentService } from './payment.service.js';

/** Sends what the house itself wants done: refunds of canceled orders, holds to release, money that came too late. */
@Subscriber()
export class PaymentSubscribers {
  constructor(
    private readonly database: Database,
    private readonly payments: PaymentService,
    private readonly ends: PaymentEnd,
    private readonly calls: GatewayCalls,
  ) {}

  @On(DisputeClosed)
  decided({ payload: { paymentId } }: DisputeClosed): Promise<void> {
    return this.ends.decided(paymentId);
  }

  @On(OperationScheduled, { transactional: false })
  async send({ payload: { operationId } }: OperationScheduled): Promise<void> {
    const outcome = await this.calls.send(operationId);
    await this.database.transaction(() => this.payments.settle(operationId, outcome));
  }
}
