import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { type FieldError, platformProblems, Problem } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { assertDays } from '../ledger/day.js';
import type { InvoiceLine } from '../invoice/invoice-content.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { InvoicePapers } from '../invoice/invoice-papers.service.js';
import { dueOf, type Invoice, InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { subjectOf } from '../invoice/money-subject.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { OrderRefunds } from '../refund/order-refunds.service.js';
import { requesterOf } from '../refund/requester.js';
import { creditTaxes } from './credit-arithmetic.js';
import { type CreditableLine, creditLine } from './credit-lines.js';
import {
  CreditNoteDto,
  type CreateCreditNoteDto,
  type CreditLineInput,
  type CreditNoteQuery,
} from './credit-note.dto.js';
import { type CreditNote, CreditNoteRepository } from './credit-note.repository.js';
import { CreditNotes } from './credit-notes.service.js';

/** Credit notes as staff read and make them. */
@Injectable()
export class StaffCreditNotes {
  constructor(
    private readonly database: Database,
    private readonly rows: CreditNoteRepository,
    private readonly invoices: InvoiceRepository,
    private readonly creditNotes: CreditNotes,
    private readonly making: Invoices,
    private readonly ends: PaymentEnd,
    private readonly refunds: OrderRefunds,
    private readonly papers: InvoicePapers,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
  ) {}

  async list({ limit, cursor, ...wanted }: CreditNoteQuery): Promise<Page<CreditNoteDto>> {
    const { invoiceId = null, orderId = null, number = null, issueDate } = wanted;
    assertDays('issueDate', issueDate);
    const filter = { invoiceId, orderId, number, from: issueDate?.gte ?? null, to: issueDate?.lte ?? null };
    const list = `credit-notes ${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list(filter, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: await this.shown(page.items) };
  }

  async get(id: string): Promise<CreditNoteDto> {
    const note = await this.rows.find(id);
    const [shown] = note ? await this.shown([note]) : [];
    if (!shown) throw platformProblems.not_found();
    return shown;
  }

  /**
   * Credits part of an invoice. What was open of it is reduced first; the rest has to be said where it goes, exactly, and goes
   * there in the same transaction. 422 when it is more than is left of the invoice, or of a line; 409
   * `billing.payment_in_progress` while money is on its way to an invoice of no order.
   */
  async create(invoiceId: string, input: CreateCreditNoteDto, actor: Actor): Promise<CreditNoteDto> {
    const seen = await this.invoices.find(invoiceId);
    if (seen === null) throw platformProblems.not_found();
    const note = await this.database.transaction(async () => {
      if (seen.orderId !== null) await this.invoices.lockOrder(seen.orderId, null);
      const locked = (await this.invoices.lock(invoiceId)) ?? seen;
      if (locked.state === 'draft' || locked.state === 'void') throw invoiceProblems.invoice_not_open();
      const invoice = await this.quiet(locked);
      const lines = await this.linesOf(invoice, input);
      const total = lines.reduce((sum, line) => sum + BigInt(line.total.amount), 0n);
      const outOfBand = await this.giveBack(invoice, Money.of(total, invoice.total.currency), input, actor);
      const made = await this.creditNotes.issue(invoice, {
        ...{ lines, outOfBand, origin: 'staff', refundId: null, reason: input.reason },
        memo: input.memo ?? null,
        createdBy: personId(actor) ?? actor.kind,
      });
      const left = await this.invoices.find(invoiceId);
      if (left?.orderId === null) await this.ends.askLess(invoiceId, dueOf(left));
      this.audit.record({
        actor,
        action: 'billing.credit_note.issued',
        subjectType: 'credit_note',
        subjectId: made.id,
        details: { invoiceId, number: made.number, total: made.total.toJSON() },
      });
      return made;
    });
    return this.get(note.id);
  }

  /** Of no order: what has come is taken to it first, and what is under way is waited for, so that both are seen in what is open. */
  private async quiet(invoice: Invoice): Promise<Invoice> {
    if (invoice.orderId !== null) return invoice;
    await this.ends.pause(invoice.id);
    await this.making.applyPayments(invoice.id);
    return (await this.invoices.find(invoice.id)) ?? invoice;
  }

  /** Sends back what is more than what is open, as was asked for; answers what was given back outside. */
  private async giveBack(
    invoice: Invoice,
    total: Money,
    input: CreateCreditNoteDto,
    actor: Actor,
  ): Promise<Money> {
    const zero = Money.zero(total.currency);
    const read = (json: CreateCreditNoteDto['refund']) => (json ? Money.fromJSON(json) : zero);
    const [refund, credit, outOfBand] = [read(input.refund), read(input.storeCredit), read(input.outOfBand)];
    const subject = subjectOf(invoice.orderId, invoice.id);
    // What a bank has given back to the buyer is nobody's to give back.
    const due = (await this.creditNotes.reducible(invoice)).plus(
      await this.creditNotes.missing(subject, total.currency),
    );
    const toSplit = total.compare(due) > 0 ? total.minus(due) : zero;
    const errors = splitFaults(input, toSplit);
    if (errors.length > 0)
      throw invoiceProblems.credit_split_wrong(`${toSplit.toString()} has to go somewhere.`, {
        errors,
        extra: { toSplit: toSplit.toJSON() },
      });
    const how = { reason: 'credit_note', requestedBy: requesterOf(actor) };
    if (!refund.isZero()) await at('/refund', this.refunds.refund(subject, refund, how));
    if (!credit.isZero())
      await at('/storeCredit', this.refunds.refund(subject, credit, { ...how, to: 'store_credit' }));
    if (!outOfBand.isZero()) await at('/outOfBand', this.refunds.giveOutside(subject, outOfBand));
    return outOfBand;
  }

  private async linesOf(invoice: Invoice, { lines, amount }: CreateCreditNoteDto): Promise<InvoiceLine[]> {
    if ((lines === undefined) === (amount === undefined))
      throw wrong('/lines', 'one_of', 'send this or the amount');
    const all = await this.creditNotes.creditable(invoice);
    const most = {
      left: all.reduce((sum, { leftTotal }) => sum + leftTotal, 0n),
      given: all.reduce((sum, { givenBack }) => sum + givenBack, 0n),
    };
    if (amount !== undefined) {
      if (amount.currency !== invoice.total.currency || amount.amount === 0)
        throw wrong('/amount', 'out_of_range', `must be above zero in ${invoice.total.currency}`);
      const shared = await this.creditNotes.shared(invoice, BigInt(amount.amount));
      const total = shared.reduce((sum, line) => sum + line.total.amount, 0);
      if (total !== amount.amount) throw tooMuch({ ...most, left: BigInt(total) }, invoice);
      return shared;
    }
    const wanted = all.map(() => 0n);
    lines?.forEach((one, index) => {
      const at = all.findIndex(({ line }) => line.id === one.lineId);
      const found = all[at];
      if (!found) throw wrong(`/lines/${index}/lineId`, 'unknown', 'is no line of the invoice');
      const total = totalOf(found, one, index);
      const isWhole = total === found.leftTotal && total !== 0n;
      if (!isWhole && (total > found.leftTotal || total <= 0n))
        throw tooMuch(most, invoice, `/lines/${index}`);
      wanted[at] = total;
    });
    // A line below zero is the price of those beside it: they are credited with it, or no more of them than it has left.
    if (isAbove(wanted, all)) throw tooMuch(most, invoice, '/lines');
    const taxes = creditTaxes(all, wanted);
    const explain = 'As it was decided; the tax by cumulative difference.';
    return all.flatMap(({ line }, index) => {
      const total = wanted[index] ?? 0n;
      if (total === 0n) return [];
      const quantity = lines?.find(({ lineId }) => lineId === line.id)?.quantity;
      const part = { total, tax: taxes[index] ?? 0n, explain };
      return [
        creditLine(
          line,
          quantity === undefined ? part : { ...part, quantity: String(quantity) },
          invoice.content.pricesIncludeTax,
        ),
      ];
    });
  }

  private async shown(notes: readonly CreditNote[]): Promise<CreditNoteDto[]> {
    const contents = await this.papers.open(notes.map((note) => ({ ...note, keyId: note.invoiceId })));
    return notes.flatMap((note, index) => {
      const content = contents[index];
      return content ? [CreditNoteDto.from(note, content)] : [];
    });
  }
}

const DESTINATIONS = ['refund', 'storeCredit', 'outOfBand'] as const;

/** What is wrong with where the money is to go: its currency, or the sum, of which each part that was sent may be the odd one. */
function splitFaults(input: CreateCreditNoteDto, toSplit: Money): FieldError[] {
  const sent = DESTINATIONS.filter((name) => input[name]);
  const foreign = sent.filter((name) => input[name]?.currency !== toSplit.currency);
  if (foreign.length > 0)
    return foreign.map((name) => ({
      ...{ pointer: `/${name}/currency`, code: 'foreign_currency' },
      message: `must be ${toSplit.currency}`,
    }));
  const sum = sent.reduce((all, name) => all + BigInt(input[name]?.amount ?? 0), 0n);
  if (sum === toSplit.amount) return [];
  const named = sent.length > 0 ? sent : (['refund'] as const);
  return named.map((name) => ({
    ...{ pointer: `/${name}`, code: sent.length > 0 ? 'wrong_sum' : 'missing' },
    message: `the parts have to come to ${toSplit.toString()}`,
  }));
}

/** The problem of a part names the field that asked for it. */
async function at<T>(pointer: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { errors = [{ code: 'not_possible', message: error.message }] } = error.details;
    const faults = errors.map((fault) => ({ ...fault, pointer }));
    throw new Problem(error.kind, error.message, { ...error.details, errors: faults });
  }
}

/** Of a line, with its tax. */
function totalOf({ line, total, leftTotal }: CreditableLine, input: CreditLineInput, index: number): bigint {
  const { quantity, amount } = input;
  if (total < 0n && (quantity !== undefined || amount !== undefined))
    throw wrong(`/lines/${index}`, 'out_of_range', 'is below zero, and credited whole or not at all');
  if (quantity !== undefined && amount !== undefined)
    throw wrong(`/lines/${index}/amount`, 'one_of', 'send this or the quantity');
  if (amount !== undefined) {
    if (amount.currency !== line.total.currency)
      throw wrong(`/lines/${index}/amount`, 'foreign_currency', `must be in ${line.total.currency}`);
    return BigInt(amount.amount);
  }
  if (quantity === undefined) return leftTotal;
  const pieces = BigInt(Math.ceil(Number(line.quantity)));
  const share = (total * BigInt(quantity) + pieces - 1n) / pieces;
  // The odd units go with the first pieces, so the last ones get what is left.
  return share > leftTotal && BigInt(quantity) <= pieces ? leftTotal : share;
}

/** Whether more would be credited than is left of all lines together, or of those that are taxed alike. */
function isAbove(wanted: readonly bigint[], lines: readonly CreditableLine[]): boolean {
  const over = (key: string | null) => {
    const members = lines.flatMap((line, index) =>
      key === null || line.key === key ? [{ left: line.leftTotal, part: wanted[index] ?? 0n }] : [],
    );
    const left = members.reduce((sum, one) => sum + one.left, 0n);
    const part = members.reduce((sum, one) => sum + one.part, 0n);
    return left < 0n ? part < left || part > 0n : part > left || part < 0n;
  };
  const total = wanted.reduce((sum, part) => sum + part, 0n);
  return total <= 0n || [null, ...new Set(lines.map(({ key }) => key))].some(over);
}

const wrong = (pointer: string, code: string, message: string) =>
  platformProblems.invalid_input(`${pointer.slice(1)} ${message}.`, { errors: [{ pointer, code, message }] });

const tooMuch = (
  { left, given }: { left: bigint; given: bigint },
  { total }: Invoice,
  pointer = '/amount',
) => {
  const maximumCreditable = Money.of(left < 0n ? 0n : left, total.currency);
  const changed = Money.of(given, total.currency);
  const why = given === 0n ? '' : `, for changes of the subscription have given back ${changed.toString()}`;
  return invoiceProblems.credit_exceeds_invoice(`At most ${maximumCreditable.toString()} is left${why}.`, {
    errors: [{ pointer, code: 'too_much', message: 'is more than is left' }],
    extra: { maximumCreditable: maximumCreditable.toJSON() },
  });
};
