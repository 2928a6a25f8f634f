import { Injectable } from '@nestjs/common';
import { Money } from '../../platform/money/money.js';
import { CreditNotes } from '../credit-note/credit-notes.service.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { InvoiceMoneyRepository } from '../invoice/invoice-money.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** What is owed for a subscription that has not begun: when it never does, nobody owes it. */
@Injectable()
export class FirstInvoices {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly documents: InvoiceRepository,
    private readonly invoices: Invoices,
    private readonly money: InvoiceMoneyRepository,
    private readonly payments: PaymentRepository,
    private readonly ends: PaymentEnd,
    private readonly creditNotes: CreditNotes,
  ) {}

  /**
   * In the caller's transaction, under the lock of the subscription: its invoices that nobody has paid, those that were given up
   * included, locked with their payments behind them. `undecided`: an attempt is under way, or what came of it was not taken to its
   * invoice yet, which may be paid by that.
   */
  async owed(subscriptionId: string): Promise<string[] | 'undecided'> {
    const owed = await this.rows.openInvoices(subscriptionId, ['draft', 'open', 'uncollectible']);
    for (const { id } of owed) {
      await this.documents.lock(id);
      const payments = await this.payments.lockAllOfInvoice(id);
      if (payments.some((one) => one.isUndecided || one.isCapturing)) return 'undecided';
      if ((await this.money.ofInvoice(id, null)).length > 0) return 'undecided';
    }
    return owed.map(({ id }) => id);
  }

  /**
   * In the caller's transaction, under their locks: nobody pays them any more, and what was paid of one goes back. What was paid
   * or credited in part is credited in whole.
   */
  async drop(invoiceIds: readonly string[], reason: string): Promise<void> {
    for (const id of invoiceIds) {
      const present = await this.documents.lock(id);
      if (
        present?.state === 'uncollectible' &&
        (await this.creditNotes.reducible(present)).equals(present.total)
      ) {
        // All of it is a loss already: all that is left is that nobody pays it any more.
        await this.ends.askLess(id, Money.zero(present.total.currency));
        continue;
      }
      await this.ends.undo(id, reason);
      const invoice = await this.documents.lock(id);
      if (invoice === null || invoice.settled.isZero()) {
        await this.invoices.void(id, reason);
        continue;
      }
      // A document that money or another one refers to stays, so all that is left of it gets a note.
      const lines = await this.creditNotes.shared(invoice, invoice.total.amount);
      const why = { origin: 'staff', reason: 'order_change', memo: null, refundId: null } as const;
      await this.creditNotes.issue(invoice, { ...why, lines, createdBy: 'system' });
    }
  }
}
