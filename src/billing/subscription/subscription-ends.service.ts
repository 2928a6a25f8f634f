import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import type { Subscription } from './subscription.js';
import { SubscriptionRepository } from './subscription.repository.js';
import { Subscriptions } from './subscriptions.service.js';

/** How subscriptions end. */
@Injectable()
export class SubscriptionEnds {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly subscriptions: Subscriptions,
    private readonly documents: InvoiceRepository,
    private readonly invoices: Invoices,
    private readonly payments: PaymentRepository,
    private readonly ends: PaymentEnd,
  ) {}

  /** The first payment did not come in time: it never began. While nobody knows what became of an attempt it waits. */
  async expire(id: string): Promise<void> {
    await this.database.transaction(async () => {
      const subscription = await this.rows.lock(id);
      if (subscription?.state !== 'incomplete') return;
      const owed = await this.firstOwed(subscription);
      if (owed === 'undecided') return;
      const ended = await this.subscriptions.step(subscription, 'first_payment_overdue');
      if (ended) await this.drop(owed, 'never paid');
    });
  }

  /**
   * In the caller's transaction, under its lock: it ends now. What was not begun to be paid for is owed by nobody; what was is.
   * Null: not from this state, or an attempt to pay is under way.
   */
  async cancel(subscription: Subscription, reason: string | null): Promise<Subscription | null> {
    const owed = subscription.state === 'incomplete' ? await this.firstOwed(subscription) : [];
    if (owed === 'undecided') return null;
    const ended = await this.subscriptions.step(subscription, 'cancel', undefined, { cancelReason: reason });
    if (ended) await this.drop(owed, 'canceled before it began');
    return ended;
  }

  /** In the caller's transaction: all that a person has subscribed to ends, and nothing tells any more whose it was. */
  async erase(customerId: string): Promise<void> {
    for (const subscription of await this.rows.lockLiving(customerId))
      await this.cancel(subscription, 'erased');
    await this.rows.anonymise(customerId);
  }

  /** Open invoices of one that has not begun, with their payments locked behind them. */
  private async firstOwed({ id }: Subscription): Promise<string[] | 'undecided'> {
    const owed = await this.rows.openInvoices(id);
    for (const { id: invoiceId } of owed) {
      await this.documents.lock(invoiceId);
      const payments = await this.payments.lockAllOfInvoice(invoiceId);
      if (payments.some((one) => one.isUndecided || one.isCapturing || one.status === 'captured'))
        return 'undecided';
    }
    return owed.map((one) => one.id);
  }

  private async drop(invoiceIds: readonly string[], reason: string): Promise<void> {
    for (const invoiceId of invoiceIds) {
      for (const payment of await this.payments.lockAllOfInvoice(invoiceId)) await this.ends.giveUp(payment);
      await this.invoices.void(invoiceId, reason);
    }
  }
}
