import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { CreditNoteIssued } from '../billing.events.js';
import { sumsOf, taxesOf } from '../invoice/invoice-arithmetic.js';
import type { InvoiceLine } from '../invoice/invoice-content.js';
import { InvoiceMoneyRepository } from '../invoice/invoice-money.repository.js';
import { InvoiceMoney } from '../invoice/invoice-money.service.js';
import { InvoicePapers, type PublicContent } from '../invoice/invoice-papers.service.js';
import { dueOf, type Invoice, InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { type MoneySubject, subjectOf } from '../invoice/money-subject.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import { shareOut } from './credit-arithmetic.js';
import { creditableLines, creditLinesOf } from './credit-lines.js';
import { GivenByChangesRepository } from './given-by-changes.repository.js';
import { type CreditNote, CreditNoteRepository, type CreditSplit } from './credit-note.repository.js';

/** What is to be credited of an invoice; the lines are parts of its lines, and no more than is left of them. */
export interface Credit extends Pick<CreditNote, 'origin' | 'reason' | 'memo' | 'refundId' | 'createdBy'> {
  readonly lines: readonly InvoiceLine[];
  /** Given back outside of the shop. */
  readonly outOfBand?: Money;
}

/** Makes credit notes. */
@Injectable()
export class CreditNotes {
  constructor(
    private readonly rows: CreditNoteRepository,
    private readonly invoices: InvoiceRepository,
    private readonly making: Invoices,
    private readonly money: InvoiceMoney,
    private readonly sources: InvoiceMoneyRepository,
    private readonly changes: GivenByChangesRepository,
    private readonly papers: InvoicePapers,
    private readonly sellers: SellerProfiles,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction, under the lock of the invoice (and of its order): a credit note, its postings, and last of all its
   * number. What went back to the buyer and no note accounts for yet is accounted for by it; then it reduces what is open, or was
   * given up: nobody has paid that, so it was no debt to begin with. Then what a bank has given back to the buyer. The rest is kept for them.
   */
  async issue(seen: Invoice, credit: Credit): Promise<CreditNote> {
    const invoice = (await this.invoices.find(seen.id)) ?? seen;
    const { id: invoiceId, orderId, content: from } = invoice;
    const { net, tax, gross: total } = sumsOf(credit.lines, invoice.total.currency);
    const [id, now, seller] = [newId(), this.clock.now(), await this.sellers.current()];
    const split = await this.split(invoice, total, credit);
    const [known] = await this.papers.open([{ ...invoice, keyId: invoiceId }]);
    if (!known) throw new Error(`invoice ${invoiceId} does not open`);
    await this.money.expectAgain(invoice, above(split.reduced, dueOf(invoice)));
    if (!split.reduced.isZero()) await this.invoices.settle(invoiceId, 'credit_note', id, split.reduced, now);
    await this.money.credit(invoice, id, credit.lines, split);
    if (!split.lost.isZero()) await this.money.giveAway(subjectOf(orderId, invoiceId));
    const zero = Money.zero(total.currency).toJSON();
    const content: PublicContent = {
      ...from,
      kind: 'credit_note',
      number: null,
      dueDate: null,
      lines: credit.lines,
      taxes: taxesOf(credit.lines),
      totals: {
        net: net.toJSON(),
        tax: tax.toJSON(),
        gross: total.toJSON(),
        prepaid: total.toJSON(),
        due: zero,
      },
      charged: false,
      references: { number: invoice.number ?? '', issueDate: invoice.issueDate ?? '' },
      notes: [...from.notes, ...(credit.memo === null ? [] : [credit.memo])],
    };
    const { origin, reason, memo, refundId, createdBy } = credit;
    const note = {
      ...{ id, invoiceId, orderId, origin, reason, memo, refundId, createdBy, total, content },
      ...split,
      people: await this.papers.sealPeople(invoiceId, id, known),
      createdAt: now,
    };
    if (!split.reduced.isZero()) await this.money.tell(invoiceId);
    failpoint('credit_note.before_number');
    const number = await this.rows.insert(note, this.making.series('credit_note', seller));
    this.outbox.record(
      new CreditNoteIssued({ creditNoteId: id, invoiceId, orderId, number, total: total.toJSON() }),
    );
    return (await this.rows.find(id)) as CreditNote;
  }

  /**
   * In the caller's transaction, under the lock of the documents: refunds by hand get the credit notes that they want, for what
   * an invoice had taken and no earlier note covers. The newest first: those before had theirs, or were of what was paid too much.
   */
  async forRefunds(subject: MoneySubject): Promise<void> {
    for (const refund of await this.rows.wanted(subject)) {
      const missing = await this.sources.toCredit(subject);
      let left = missing < refund.amount.amount ? missing : refund.amount.amount;
      if (left <= 0n) continue;
      for (const invoice of await this.invoices.lockFinal(subject)) {
        const lines = await this.shared(invoice, left);
        if (lines.length === 0) continue;
        const wish = { origin: 'refund', reason: 'other', memo: null, refundId: refund.id } as const;
        const note = await this.issue(invoice, { ...wish, lines, createdBy: refund.requestedBy });
        left -= note.total.amount;
        if (left === 0n) break;
      }
    }
  }

  /** What credit notes will credit of an invoice without an order, for refunds by hand that were accepted and have none yet. */
  async toCome(invoiceId: string): Promise<InvoiceLine[]> {
    const missing = await this.sources.toCredit({ invoiceId });
    const invoice = missing <= 0n ? null : await this.invoices.find(invoiceId);
    return invoice === null ? [] : this.shared(invoice, missing);
  }

  /**
   * Under the lock of the invoice: up to so much of what is left of it, shared out over its lines, also those below zero; gift cards
   * are left out.
   */
  async shared(invoice: Invoice, amount: bigint): Promise<InvoiceLine[]> {
    const all = await this.creditable(invoice);
    const open = all.filter(
      ({ line, leftTotal, leftTax }) => line.revenue !== 'voucher' && (leftTotal !== 0n || leftTax !== 0n),
    );
    const most = open.reduce((sum, { leftTotal }) => sum + leftTotal, 0n);
    const totals = shareOut(amount < most ? amount : most, open) ?? [];
    const explain =
      'The credited amount in proportion to what is left of each line; the tax by cumulative difference.';
    return creditLinesOf(open, totals, explain, invoice.content.pricesIncludeTax);
  }

  /** Under the lock of the invoice: its lines with what was credited of them, by notes and by changes of its subscription. */
  async creditable(invoice: Invoice) {
    const notes = await this.rows.ofInvoices([invoice.id]);
    return creditableLines(
      invoice.content.lines,
      notes.flatMap(({ content }) => content.lines),
      invoice.subscriptionId === null ? [] : await this.changes.of(invoice.id),
    );
  }

  /** Under the lock of the invoice: how much of it nobody has paid, be it expected or given up. */
  async reducible(invoice: Invoice): Promise<Money> {
    const due = dueOf(invoice);
    return invoice.state === 'uncollectible' ? due.plus(await this.money.writtenOff(invoice)) : due;
  }

  /** Under the lock of the documents: what banks have taken back of what invoices had taken, and nobody has paid since. */
  missing(subject: MoneySubject, currency: string): Promise<Money> {
    return this.money.missing(subject, currency);
  }

  private async split(invoice: Invoice, total: Money, credit: Credit): Promise<CreditSplit> {
    const zero = Money.zero(total.currency);
    const { outOfBand = zero, origin } = credit;
    let left = total.minus(outOfBand);
    const part = (most: Money): Money => {
      const taken = most.isNegative() ? zero : most.compare(left) < 0 ? most : left;
      left = left.minus(taken);
      return taken;
    };
    const subject = subjectOf(invoice.orderId, invoice.id);
    const unmatched = await this.sources.unmatched(subject);
    const gone = origin === 'refund' ? zero : await this.missing(subject, total.currency);
    const refunded = part(origin === 'refund' ? total : Money.of(unmatched, total.currency));
    const reduced = part(await this.reducible(invoice));
    const lost = part(gone);
    return { refunded, reduced, outOfBand, lost, kept: left };
  }
}

/** By how much the one is more than the other. */
const above = (amount: Money, other: Money): Money =>
  amount.compare(other) > 0 ? amount.minus(other) : Money.zero(amount.currency);
