import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { PaymentMethodRepository } from './payment-method.repository.js';

/** Who our customers are at the gateway: made there once, when the first method is to be kept. */
@Injectable()
export class GatewayCustomers {
  constructor(
    private readonly gateway: PaymentGateway,
    private readonly rows: PaymentMethodRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * The gateway's name of a customer. Network, never in a transaction; two calls at once use one key and get one name. Null when
   * the gateway could not be asked: nothing is kept then, and asking again goes on.
   */
  async refOf(customerId: string): Promise<string | null> {
    const { id, ref } = await this.rows.gatewayCustomer(customerId, this.gateway.code, this.clock.now());
    if (ref !== null) return ref;
    const outcome = await this.gateway.createCustomer({ operationId: id, customerId });
    if (outcome.kind !== 'ok') return null;
    await this.rows.nameGatewayCustomer(id, outcome.customerRef);
    return outcome.customerRef;
  }
}
