import { Injectable } from '@nestjs/common';
import { InvoiceMoneyRepository } from '../invoice/invoice-money.repository.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { type CreditNoteWish, RefundRepository } from './refund.repository.js';

/** Which document corrects the tax of a refund by hand. */
@Injectable()
export class RefundDocuments {
  constructor(
    private readonly refunds: RefundRepository,
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
    const { orderId, amount } = refund;
    if (creditNote !== 'create' && orderId !== null && (await this.invoices.hasOfOrder(orderId))) {
      if (creditNote === 'none' && reason === null) throw invoiceProblems.credit_note_reason_required();
      const kept = (await this.money.ofOrder(orderId)).filter(({ kind }) => kind === 'balance');
      const most = kept.reduce((sum, { left }) => sum + left, 0n);
      if (creditNote === 'existing' && most < amount.amount) throw invoiceProblems.credit_note_missing();
    }
    await this.refunds.wish(refundId, creditNote, reason);
  }
}
