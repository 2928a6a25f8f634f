import { Injectable } from '@nestjs/common';
import { type Actor, may, personId } from '../../platform/access/actor.js';
import { platformProblems } from '../../platform/http/problem.js';
import { hashOf } from '../../platform/secret.js';
import type { Payment } from './payment.entity.js';
import { PaymentRepository } from './payment.repository.js';

/** Who may see a payment: staff, the customer of its order, and whoever holds the token of its cart. */
@Injectable()
export class PaymentAccess {
  constructor(private readonly payments: PaymentRepository) {}

  /** The payment, or the 404 that unknown and foreign ones share. */
  async find(paymentId: string, actor: Actor, cartToken: string | undefined): Promise<Payment> {
    const hash = cartToken === undefined ? null : hashOf(cartToken);
    const payment = may(actor, 'billing:payment:read')
      ? await this.payments.find(paymentId)
      : await this.payments.findFor(paymentId, personId(actor), hash);
    if (payment === null) throw platformProblems.not_found();
    return payment;
  }
}
