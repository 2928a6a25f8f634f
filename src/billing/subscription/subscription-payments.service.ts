import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { PaymentService } from '../payment/payment.service.js';
import type { OpenedPayment } from './subscription-charges.service.js';
import { SubscriptionRepository } from './subscription.repository.js';
import { Subscriptions } from './subscriptions.service.js';

/** Pays an invoice of a subscription while its customer is there: the bank may ask, as at a checkout. */
@Injectable()
export class SubscriptionPayments {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly documents: InvoiceRepository,
    private readonly invoices: Invoices,
    private readonly payments: PaymentService,
    private readonly calls: GatewayCalls,
    private readonly subscriptions: Subscriptions,
  ) {}

  /**
   * Sends it, with no transaction open, and takes in the outcome together with what `answer` does. Repeating it moves nothing
   * twice.
   */
  async finish<T>(opened: OpenedPayment, answer: () => Promise<T>): Promise<T> {
    const { subscriptionId, invoiceId, operationId } = opened;
    const outcome = await this.calls.send(operationId);
    return this.database.transaction(async () => {
      await this.rows.lock(subscriptionId);
      await this.documents.lock(invoiceId);
      const { status } = await this.payments.settle(operationId, outcome);
      if (status === 'captured') {
        await this.invoices.applyPayments(invoiceId);
        await this.subscriptions.invoicePaid(invoiceId);
      }
      return answer();
    });
  }
}
