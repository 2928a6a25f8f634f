import { Injectable } from '@nestjs/common';
import { currentRequest } from '../../platform/http/request-context.js';
import { dueOf, InvoiceRepository } from '../invoice/invoice.repository.js';
import type { PaymentMethod } from '../payment-method/payment-method.js';
import { PaymentOpening } from '../payment/payment-opening.service.js';

/** A payment that the customer waits for. */
export interface OpenedPayment {
  readonly subscriptionId: string;
  readonly invoiceId: string;
  readonly operationId: string;
}

/** Opens payments of invoices whose customer is there. */
@Injectable()
export class SubscriptionCharges {
  constructor(
    private readonly documents: InvoiceRepository,
    private readonly opening: PaymentOpening,
  ) {}

  /** In the caller's transaction, under the lock of the subscription: the payment of what is due of an invoice; null: nothing is. */
  async open(
    subscriptionId: string,
    invoiceId: string,
    {
      customerId,
      method,
      returnUrl,
    }: { customerId: string; method: PaymentMethod; returnUrl: string | null },
  ): Promise<OpenedPayment | null> {
    const invoice = await this.documents.lock(invoiceId);
    if (invoice === null || dueOf(invoice).isZero()) return null;
    const { operationId } = await this.opening.open({
      ...{ purpose: 'invoice', invoiceId, orderId: null, customerId },
      ...{ amount: dueOf(invoice), mayChangeAmount: true, gateway: method.gateway, token: null },
      ...{ methodId: method.id, offSession: false, buyer: null, returnUrl },
      screening: { network: currentRequest()?.caller ?? null, invoiceId, guest: false },
    });
    return { subscriptionId, invoiceId, operationId };
  }
}
