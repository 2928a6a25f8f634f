import { Injectable } from '@nestjs/common';
import { Money } from '../../platform/money/money.js';
import { CreditNotes } from '../credit-note/credit-notes.service.js';
import { InvoiceMoneyRepository } from '../invoice/invoice-money.repository.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { type MoneySubject, paidBy } from '../invoice/money-subject.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { type CreditNoteWish, RefundRepository } from './refund.repository.js';

/** Which document corrects the tax of a refund by hand. */
@Injectable()
export class RefundDocuments {
  constructor(
    private readonly refunds: RefundRepository,
    private readonly payments: PaymentRepository,
    private readonly invoices: InvoiceRepository,
    private readonly money: InvoiceMoneyRepository,
    private readonly creditNotes: CreditNotes,
  ) {}

  /**
   * In the transaction that will accept a refund, before it locks the payments: the documents are locked, and refunds before it have
   * their part of what they keep, or have given it back.
   */
  async lock(paymentId: string): Promise<void> {
    const payment = await this.payments.find(paymentId);
    const subject = payment && paidBy(payment);
    if (subject === null) return;
    await this.invoices.lockDocuments(subject);
    await this.money.match(subject);
  }

  /**
   * In the transaction that accepts the refund: keeps what it wants. What earlier credit notes keep for the buyer goes back first, and
   * is nobody's any more from now on: neither of a later refund nor of a later invoice. A refund without a document leaves it as long as
   * enough is left for it. 422 when there is an invoice and neither a
   * document nor a reason for none. The credit note of the rest is made when the money is on its way.
   */
  async accept(
    refundId: string,
    { creditNote, reason }: { creditNote: CreditNoteWish; reason: string | null },
  ): Promise<void> {
    const refund = await this.refunds.find(refundId);
    if (refund === null || refund.chargeId !== null) return;
    const payment = await this.payments.find(refund.paymentId);
    const subject = payment && paidBy(payment);
    const { amount } = refund.amount;
    const kept = subject === null ? 0n : await this.money.kept(subject);
    if (creditNote !== 'create' && subject !== null && (await this.invoices.hasFinal(subject))) {
      if (creditNote === 'none' && reason === null) throw invoiceProblems.credit_note_reason_required();
      if (creditNote === 'existing' && kept < amount) throw invoiceProblems.credit_note_missing();
    }
    // Without a document it is a present; but what is paid back so is not kept for the buyer beside it.
    const gone = subject === null || creditNote !== 'none' ? 0n : await this.money.unbacked(subject);
    const covered = { create: least(kept, amount), existing: amount, none: least(gone, amount) }[creditNote];
    await this.refunds.wish(refundId, { creditNote, reason, covered });
    if (subject !== null) await this.money.match(subject);
    if (creditNote === 'create' && subject !== null && 'invoiceId' in subject)
      await this.expectNote(subject, refund.amount.currency);
  }

  /** What a change of the subscription has given back of an invoice no note credits, so it is not refunded with one either. */
  private async expectNote(subject: MoneySubject, currency: string): Promise<void> {
    const missing = await this.money.toCredit(subject);
    let left = 0n;
    for (const invoice of await this.invoices.lockFinal(subject))
      for (const { leftTotal } of await this.creditNotes.creditable(invoice)) left += leftTotal;
    if (missing <= left) return;
    const maximumCreditable = Money.of(left < 0n ? 0n : left, currency);
    throw invoiceProblems.credit_exceeds_invoice(
      `At most ${maximumCreditable.toString()} is left of the invoice to be credited.`,
      { extra: { maximumCreditable: maximumCreditable.toJSON() } },
    );
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
