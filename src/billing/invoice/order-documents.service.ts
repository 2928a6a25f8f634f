import { Injectable } from '@nestjs/common';
import { Money } from '../../platform/money/money.js';
import { CreditNoteRepository } from '../credit-note/credit-note.repository.js';
import { CreditNotes } from '../credit-note/credit-notes.service.js';
import { InvoiceMoney } from './invoice-money.service.js';
import { type Invoice, InvoiceRepository } from './invoice.repository.js';
import { Invoices } from './invoices.service.js';
import { type MoneySubject, subjectOf } from './money-subject.js';
import { type Documented, orderDifference } from './order-difference.js';
import type { OrderState } from './order-state.js';

/** Invoices and credit notes of orders: together they say what the order says. */
@Injectable()
export class OrderDocuments {
  constructor(
    private readonly rows: InvoiceRepository,
    private readonly notes: CreditNoteRepository,
    private readonly invoices: Invoices,
    private readonly creditNotes: CreditNotes,
    private readonly money: InvoiceMoney,
  ) {}

  /** See `BillingApi.documentOrder`. */
  async bringUpTo(state: OrderState): Promise<void> {
    const { orderId, orderVersion, lines, pricesIncludeTax, reason } = state;
    if (((await this.rows.lockOrder(orderId, orderVersion)) ?? 0) > orderVersion) return;
    await this.rows.dropDraft(orderId);
    const finals = await this.rows.lockFinal({ orderId });
    const documents = await this.documented(finals);
    const { credits, added } = orderDifference(lines, documents, pricesIncludeTax);
    for (const credit of credits) {
      const invoice = finals.find(({ id }) => id === credit.invoiceId);
      const wish = { origin: 'order', reason, memo: null, refundId: null, createdBy: 'system' } as const;
      if (invoice) await this.creditNotes.issue(invoice, { ...wish, lines: credit.lines });
    }
    await this.creditNotes.forRefunds({ orderId });
    await this.money.settle({ orderId });
    // What is given for nothing later on needs no paper; a first invoice says what was given with it.
    if (added.length > 0 && (finals.length === 0 || added.some(({ total }) => total.amount !== 0)))
      await this.invoice(state, added);
  }

  /** See `BillingApi.creditedByHand`. */
  async creditedByHand(before: OrderState, after: OrderState): Promise<Money> {
    const finals = (await this.rows.ofOrder(after.orderId)).filter(
      ({ state }) => state !== 'draft' && state !== 'void',
    );
    const documents = await this.documented(finals);
    const byHand = ({ lines, pricesIncludeTax }: OrderState) =>
      orderDifference(lines, documents, pricesIncludeTax).byHand;
    const more = byHand(after) - byHand(before);
    return Money.of(more > 0n ? more : 0n, after.currency);
  }

  private async documented(finals: readonly Invoice[]): Promise<Documented[]> {
    const notes = await this.notes.ofInvoices(finals.map(({ id }) => id));
    return finals.map(({ id: invoiceId, content }) => {
      const own = notes.filter((note) => note.invoiceId === invoiceId);
      return {
        invoiceId,
        lines: content.lines,
        credited: own.flatMap((note) => note.content.lines),
        followed: own.filter(({ origin }) => origin === 'order').flatMap((note) => note.content.lines),
      };
    });
  }

  /** In the caller's transaction: a draft that waited for the seller, and what became of its order meanwhile. */
  async finalizeDraft({ id, orderId }: { id: string; orderId: string | null }): Promise<void> {
    if (orderId !== null) await this.rows.lockOrder(orderId, null);
    if (await this.invoices.finalizeDraft(id)) await this.creditNotes.forRefunds(subjectOf(orderId, id));
  }

  /** In the caller's transaction: money of an order, or of an invoice without one, has come or gone. */
  async followMoney(subject: MoneySubject): Promise<void> {
    if (!(await this.rows.lockDocuments(subject))) return;
    await this.creditNotes.forRefunds(subject);
    await this.money.settle(subject);
  }

  /** In the caller's transaction: invoices of these orders that are nobody's become this customer's. */
  giveTo(customerId: string, orderIds: readonly string[]): Promise<void> {
    return this.rows.giveTo(customerId, orderIds);
  }

  private async invoice(state: OrderState, lines: OrderState['lines']): Promise<void> {
    const { orderId, orderNumber, customerId, buyer, shipTo, currency, pricesIncludeTax, taxNote } = state;
    await this.invoices.finalize({
      kind: 'invoice',
      subject: { orderId, orderNumber },
      ...{ customerId, buyer, shipTo, currency, pricesIncludeTax, lines, taxNote },
      deliveryDate: null,
      period: null,
      dueInDays: null,
      charged: false,
    });
  }
}
