import { On, Subscriber } from '../../platform/events/subscribers.js';
import { PaymentMethodRemoved } from '../billing.events.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { PaymentMethodRepository } from './payment-method.repository.js';

/** Forgets at the gateway what a customer has removed here, however often it takes. */
@Subscriber()
export class PaymentMethodSubscribers {
  constructor(
    private readonly rows: PaymentMethodRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  @On(PaymentMethodRemoved, { transactional: false })
  async forget({ payload: { methodId } }: PaymentMethodRemoved): Promise<void> {
    const ref = await this.rows.removed(methodId);
    if (ref === null) return;
    const outcome = await this.gateway.detachMethod(ref);
    if (outcome.kind !== 'ok') throw new Error(`the gateway did not forget a method (${outcome.kind})`);
    await this.rows.forget(methodId);
  }
}
