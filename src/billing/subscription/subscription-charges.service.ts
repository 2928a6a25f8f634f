import { Injectable } from '@nestjs/common';
import { currentRequest } from '../../platform/http/request-context.js';
import { OwnAttempts } from '../dunning/own-attempts.service.js';
import { dueOf, InvoiceRepository } from '../invoice/invoice.repository.js';
import type { PaymentMethod } from '../payment-method/payment-method.js';
import { PaymentOpening } from '../payment/payment-opening.service.js';

/** A payment that somebody waits for. */
export interface OpenedPayment {
  readonly subscriptionId: string;
  readonly invoiceId: string;
  readonly operationId: string;
}

/** What a customer is charged to. */
export interface Charge {
  readonly customerId: string;
  readonly method: PaymentMethod;
  readonly returnUrl: string | null;
  /** Nobody is there to answer the bank. */
  readonly offSession: boolean;
}

/** Opens payments of invoices whose answer somebody waits for. */
@Injectable()
export class SubscriptionCharges {
  constructor(
    private readonly documents: InvoiceRepository,
    private readonly own: OwnAttempts,
    private readonly opening: PaymentOpening,
  ) {}

  /** In the caller's transaction, under the lock of the subscription: the payment of what is due of an invoice; null: nothing is. One
   * that is collected is charged no more often than card networks allow. */
  async open(
    subscriptionId: string,
    invoiceId: string,
    { customerId, method, returnUrl, offSession }: Charge,
  ): Promise<OpenedPayment | null> {
    const collecting = await this.own.lock(invoiceId, method.id);
    const invoice = await this.documents.lock(invoiceId);
    if (invoice === null || dueOf(invoice).isZero()) return null;
    const amount = dueOf(invoice);
    const { operationId } = await this.opening.open({
      ...{ purpose: 'invoice', invoiceId, orderId: null, customerId },
      ...{ amount, mayChangeAmount: true, gateway: method.gateway, token: null },
      ...{ methodId: method.id, offSession, buyer: null, returnUrl },
      // Where nobody is there, the network is that of the shop.
      screening: offSession ? null : { network: currentRequest()?.caller ?? null, invoiceId, guest: false },
    });
    if (collecting !== null) await this.own.count(collecting, { operationId, amount, kept: method });
    return { subscriptionId, invoiceId, operationId };
  }
}
