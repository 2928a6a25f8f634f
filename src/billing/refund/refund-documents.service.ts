import { Injectable } from '@nestjs/common';
import { InvoiceMoneyRepository } from '../invoice/invoice-money.repository.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { paidBy } from '../invoice/money-subject.js';
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
  ) {}

  /**
   * In the transaction that accepts the refund: keeps what it wants. 422 when there is an invoice and neither a document nor a
   * reason for none. The credit note itself is made when the money is on its way.
   */
  async accept(
    refundId: string,
    { creditNote, reason }: { creditNote: CreditNoteWish; reason: string | null },
  ): Promise<void> {
    const refund = await this.refunds.find(refundId);
    if (refund === null || refund.chargeId !== null) return;
    const payment = await this.payments.find(refund.paymentId);
    const subject = payment && paidBy(payment);
    if (creditNote !== 'create' && subject !== null && (await this.invoices.hasFinal(subject))) {
      if (creditNote === 'none' && reason === null) throw invoiceProblems.credit_note_reason_required();
      // Of what is kept, refunds that were accepted before this one have their part, also before it is taken from there.
      const isCovered = async () =>
        (await this.money.kept(subject)) >= (await this.money.unmatched(subject, refundId));
      if (creditNote === 'existing' && !(await isCovered())) throw invoiceProblems.credit_note_missing();
    }
    await this.refunds.wish(refundId, creditNote, reason);
  }
}
