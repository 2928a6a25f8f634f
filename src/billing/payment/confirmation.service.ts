import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { ChargeNews } from './charge-news.service.js';
import type { Payment } from './payment.entity.js';
import { paymentProblems } from './payment.errors.js';
import { LOOK_PAUSE_MS, PaymentRepository } from './payment.repository.js';

/** What happens when the shopper returns: the same look at the gateway that a webhook would cause. */
@Injectable()
export class ConfirmationService {
  private readonly log = new Logger('billing');

  constructor(
    private readonly gateway: PaymentGateway,
    private readonly news: ChargeNews,
    private readonly rows: PaymentRepository,
  ) {}

  /** Of all who ask within a moment one looks at the gateway, and the others see what it saw. */
  async confirm(payment: Payment): Promise<Payment> {
    if (isDecided(payment)) return payment;
    // Nobody can be asked about a payment of a gateway that this shop no longer has.
    if (payment.gateway !== this.gateway.code) return payment;
    if (await this.rows.mayLook(payment.id)) return this.follow(payment);
    await sleep(LOOK_PAUSE_MS);
    const present = (await this.rows.find(payment.id)) ?? payment;
    if (isDecided(present) || !(await this.rows.mayLook(payment.id))) return present;
    return this.follow(present);
  }

  private async follow(payment: Payment): Promise<Payment> {
    const snapshot = await this.look(payment);
    if (snapshot === null) return payment;
    await this.news.apply(payment.id, snapshot);
    return (await this.rows.find(payment.id)) ?? payment;
  }

  private async look({ gatewayRef, operationId }: Payment) {
    try {
      return gatewayRef === null
        ? await this.gateway.findByOperation(operationId)
        : await this.gateway.retrieve(gatewayRef);
    } catch (error) {
      this.log.warn(`the gateway could not be asked: ${String(error)}`);
      throw paymentProblems.gateway_unreachable(undefined, { retryAfter: 2 });
    }
  }
}

const isDecided = ({ status }: Payment): boolean => status !== 'requires_action' && status !== 'processing';
