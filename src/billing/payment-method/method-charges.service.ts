import { Injectable } from '@nestjs/common';
import type { Money } from '../../platform/money/money.js';
import { PaymentOpening } from '../payment/payment-opening.service.js';
import { noMethod } from './payment-method.errors.js';
import { PaymentMethodRepository } from './payment-method.repository.js';

/** What is to be charged to a kept method, with nobody there to answer the bank. */
export interface MethodCharge {
  readonly purpose: 'invoice';
  readonly invoiceId: string;
  readonly customerId: string;
  /** Null: the customer's default method. */
  readonly methodId: string | null;
  readonly amount: Money;
}

/** Charges to methods that customers have kept, without the customer. */
@Injectable()
export class MethodCharges {
  constructor(
    private readonly methods: PaymentMethodRepository,
    private readonly payments: PaymentOpening,
  ) {}

  /**
   * In the caller's transaction: opens the payment of an invoice from a kept method, or adds an attempt to the one that is open.
   * After the commit it is sent and settled like that of an order (`BillingApi.authorize`, `BillingApi.settle`). When the bank
   * wants to see the customer (`authentication_required`) the payment is `requires_action` without a page of the bank: only the
   * customer can go on, with an attempt of their own. 409 `billing.no_payment_method` when there is nothing to charge, 409 `billing.payment_in_progress` while the outcome of
   * an earlier attempt is not known.
   */
  async open(charge: MethodCharge): Promise<{ paymentId: string; operationId: string }> {
    const { purpose, invoiceId, customerId, amount } = charge;
    const method = await this.methods.find(customerId, charge.methodId);
    if (method === null) throw noMethod(null, false);
    const { paymentId, operationId } = await this.payments.open({
      ...{ purpose, invoiceId, orderId: null, customerId, amount, mayChangeAmount: true },
      ...{ gateway: method.gateway, token: null, methodId: method.id, offSession: true, buyer: null },
    });
    return { paymentId, operationId };
  }
}
