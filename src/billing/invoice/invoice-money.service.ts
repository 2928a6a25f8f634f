import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { InvoiceMoved } from '../billing.events.js';
import { Deferrals } from '../deferral/deferrals.service.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import type { Posting } from '../ledger/posting.js';
import { invoiceProblems } from './invoice.errors.js';
import type { CreditSplit } from '../credit-note/credit-note.repository.js';
import type { InvoiceLine } from './invoice-content.js';
import { InvoiceMoneyRepository } from './invoice-money.repository.js';
import { invoicePostings } from './invoice-posting.js';
import { dueOf, type Invoice, InvoiceRepository } from './invoice.repository.js';
import type { MoneySubject } from './money-subject.js';

type Payable = Pick<Invoice, 'id' | 'orderId' | 'subscriptionId' | 'total'>;

/** Takes money that is there to the invoices that it is for. What was taken once is never taken again. */
@Injectable()
export class InvoiceMoney {
  constructor(
    private readonly invoices: InvoiceRepository,
    private readonly sources: InvoiceMoneyRepository,
    private readonly ledger: LedgerRepository,
    private readonly deferrals: Deferrals,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction: nobody else charges this invoice until its end. 404. */
  async lock(invoiceId: string): Promise<Invoice> {
    const invoice = await this.invoices.lock(invoiceId);
    if (invoice === null) throw platformProblems.not_found();
    return invoice;
  }

  /**
   * In the caller's transaction: what may still be charged for an invoice that is of no order, which is locked. Money that was
   * captured counts from then on, also before it is taken to the invoice, for which a draft waits. 404, and 409
   * `billing.invoice_not_open` for one that is void.
   */
  async chargeable(invoiceId: string): Promise<Money> {
    const invoice = await this.lock(invoiceId);
    if (invoice.state === 'void') throw invoiceProblems.invoice_not_open();
    const expected = invoice.state === 'uncollectible' ? await this.writtenOff(invoice) : dueOf(invoice);
    const there = (await this.sources.ofInvoice(invoiceId, null)).reduce((sum, { left }) => sum + left, 0n);
    const rest = expected.minus(Money.of(there, expected.currency));
    return rest.isNegative() ? Money.zero(expected.currency) : rest;
  }

  /** Under the lock of the documents: what banks have taken back of what invoices had taken, and nobody has paid since. */
  async missing(subject: MoneySubject, currency: string): Promise<Money> {
    return Money.of(await this.sources.missing(subject), currency);
  }

  /** In the caller's transaction, behind what pays it: it is owed now. */
  async charge({ id, orderId, subscriptionId, content, total }: Invoice): Promise<void> {
    const held = await this.deferrals.begin({ id, subscriptionId }, content.lines);
    const posting = invoicePostings.finalized(id, content.lines, total, held);
    await this.post({ paymentId: null, orderId, invoiceId: id }, posting);
  }

  /** In the caller's transaction, under the lock of the invoice: nobody owes it any more. */
  async uncharge({ id, orderId, subscriptionId, content, total }: Invoice): Promise<void> {
    const held = await this.deferrals.drop({ id, subscriptionId });
    const posting = invoicePostings.voided(id, content.lines, total, held);
    await this.post({ paymentId: null, orderId, invoiceId: id }, posting);
  }

  /** In the caller's transaction, under the lock of the invoice: lines of it are given back, and go where it is said. */
  async credit(
    { id, orderId, subscriptionId, content }: Invoice,
    creditNoteId: string,
    lines: readonly InvoiceLine[],
    split: CreditSplit,
  ): Promise<void> {
    const held = await this.deferrals.giveBack(
      creditNoteId,
      { id, subscriptionId, lines: content.lines },
      lines,
    );
    const posting = invoicePostings.credited(creditNoteId, lines, split, held);
    await this.post({ paymentId: null, orderId, invoiceId: id }, posting);
  }

  /** In the caller's transaction, under the lock of the documents: pays up to `due` of an invoice; answers how much that was. */
  async take(invoice: Payable, due: Money): Promise<Money> {
    const { id, orderId, subscriptionId } = invoice;
    let left = due;
    if (left.isZero()) return left;
    const all =
      orderId === null
        ? await this.sources.ofInvoice(id, subscriptionId)
        : await this.sources.ofOrder(orderId);
    for (const source of all) {
      if (left.isZero()) break;
      const there = Money.of(source.left, due.currency);
      const amount = there.compare(left) < 0 ? there : left;
      if (source.kind === 'balance') await this.sources.useKept(source.id, amount.amount);
      const settlementId = await this.invoices.settle(id, source.kind, source.id, amount, this.clock.now());
      const of = { paymentId: source.kind === 'payment' ? source.id : null, orderId, invoiceId: id };
      await this.post(of, invoicePostings.settled(settlementId, amount));
      left = left.minus(amount);
    }
    return due.minus(left);
  }

  /** In the caller's transaction, under the lock of the invoice: what has come for it; answers what is still due. */
  async collect(invoice: Invoice): Promise<Money> {
    if (invoice.state === 'uncollectible') await this.recover(invoice);
    const present =
      invoice.state === 'uncollectible' ? ((await this.invoices.find(invoice.id)) ?? invoice) : invoice;
    const due = present.state === 'draft' ? Money.zero(invoice.total.currency) : dueOf(present);
    const taken = await this.take(present, due);
    if (invoice.orderId === null) await this.giveAway({ invoiceId: invoice.id });
    if (!taken.isZero()) await this.tell(invoice.id);
    return due.minus(taken);
  }

  /** In the caller's transaction: money that has come pays the invoices that it is for, and refunds meet their credit notes. */
  async settle(subject: MoneySubject): Promise<void> {
    if (!(await this.invoices.lockDocuments(subject))) return;
    await this.sources.match(subject);
    await this.sources.lose(subject);
    for (const invoice of await this.invoices.lockFinal(subject)) await this.collect(invoice);
    await this.giveAway(subject);
  }

  /**
   * In the caller's transaction, under the lock of the documents: what went back of invoiced money, because a bank took it or no
   * credit note is to say so, is lost; books that say as much already stay as they are.
   */
  async giveAway(subject: MoneySubject): Promise<void> {
    const of = { paymentId: null, orderId: null, invoiceId: null, ...subject };
    for (const { to, amount } of await this.sources.undocumented(subject)) {
      const lost = to === 'bank' ? invoicePostings.lostToBank : invoicePostings.givenAway;
      await this.post(of, lost(newId(), amount));
    }
  }

  /** In the caller's transaction, under the lock: the state of an invoice is told to whoever waits for it. */
  async tell(id: string): Promise<void> {
    const invoice = await this.invoices.find(id);
    if (invoice === null) return;
    const { orderId, subscriptionId, state } = invoice;
    const due = dueOf(invoice).toJSON();
    this.outbox.record(new InvoiceMoved({ invoiceId: id, orderId, subscriptionId, state, due }));
  }

  /** In the caller's transaction, under the lock: so much of a write-off is taken back; with all of it the invoice is open again. */
  async expectAgain(invoice: Payable, amount: Money): Promise<void> {
    if (amount.isZero()) return;
    const written = await this.writtenOff(invoice);
    if (amount.equals(written)) await this.invoices.end(invoice.id, 'open', null, this.clock.now());
    await this.takeBackWriteOff(invoice, amount);
  }

  /** In the caller's transaction, under the lock: so much of a write-off is taken back. */
  async takeBackWriteOff({ id, orderId }: Payable, amount: Money): Promise<void> {
    const back = amount.negated();
    const settlementId = await this.invoices.settle(id, 'write_off', id, back, this.clock.now());
    await this.post(
      { paymentId: null, orderId, invoiceId: id },
      invoicePostings.writtenOff(settlementId, back),
    );
  }

  /** What of an invoice nobody expected any more. */
  async writtenOff({ id, total }: Payable): Promise<Money> {
    const settlements = await this.invoices.settlements(id);
    return Money.sum(
      settlements.filter(({ kind }) => kind === 'write_off').map(({ amount }) => amount),
      total.currency,
    );
  }

  async post(
    of: { paymentId: string | null; orderId: string | null; invoiceId: string | null },
    posting: Posting | null,
  ): Promise<void> {
    if (posting) await this.ledger.post(of, [posting], this.clock.now());
  }

  /** Money for an invoice that was given up: so much of it is expected again. */
  private async recover(invoice: Invoice): Promise<void> {
    const { id, orderId, subscriptionId, total } = invoice;
    const written = await this.writtenOff(invoice);
    const all =
      orderId === null
        ? await this.sources.ofInvoice(id, subscriptionId)
        : await this.sources.ofOrder(orderId);
    const there = Money.of(
      all.reduce((sum, { left }) => sum + left, 0n),
      total.currency,
    );
    await this.expectAgain(invoice, there.compare(written) < 0 ? there : written);
  }
}
