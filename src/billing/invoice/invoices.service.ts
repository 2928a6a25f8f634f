import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { InvoiceFinalized } from '../billing.events.js';
import { localDate, missingOf, type SellerProfile, sellerOf } from '../seller/seller-profile.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import { faultsOf, sumsOf, taxesOf } from './invoice-arithmetic.js';
import type { InvoiceDraft, InvoiceSeller } from './invoice-content.js';
import { InvoiceMoney } from './invoice-money.service.js';
import { subjectOf } from './money-subject.js';
import { InvoicePapers, type PublicContent } from './invoice-papers.service.js';
import { invoicePostings } from './invoice-posting.js';
import { invoiceProblems } from './invoice.errors.js';
import { dueOf, type Invoice, InvoiceRepository, type Series } from './invoice.repository.js';

/** What an invoice has become: without a number it waits, as a draft, for the seller's profile. */
export interface Finalized {
  readonly invoiceId: string;
  readonly number: string | null;
  readonly total: Money;
}

/** Makes invoices and ends them. */
@Injectable()
export class Invoices {
  constructor(
    private readonly database: Database,
    private readonly rows: InvoiceRepository,
    private readonly money: InvoiceMoney,
    private readonly papers: InvoicePapers,
    private readonly sellers: SellerProfiles,
    private readonly outbox: Outbox,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: the invoice with its postings, and last of all its number, so call it last. One that the seller's
   * profile is not complete for stays a draft, without a number, and is finalised by itself when it is. 422
   * `billing.invoice_invalid` when its sums do not hold: no number is spent on it. An invoice of nothing is paid at once.
   */
  async finalize(draft: InvoiceDraft): Promise<Finalized> {
    if (!this.database.inTransaction) throw new Error('an invoice is made in the transaction of its reason');
    const errors = faultsOf(draft.lines, draft);
    if (errors.length > 0) throw invoiceProblems.invoice_invalid(undefined, { errors });
    const seller = await this.sellers.current();
    const [id, now] = [newId(), this.clock.now()];
    const content = draftContent(draft, seller, localDate(now, seller.timeZone));
    const total = sumsOf(draft.lines, draft.currency).gross;
    const { subject } = draft;
    await this.rows.insert({
      id,
      orderId: 'orderId' in subject ? subject.orderId : null,
      subscriptionId: 'subscriptionId' in subject ? subject.subscriptionId : null,
      periodStart: 'subscriptionId' in subject ? subject.periodStart : null,
      customerId: draft.customerId,
      total,
      dueInDays: draft.dueInDays,
      content,
      reason: missingOf(seller).length > 0 ? SELLER_INCOMPLETE : null,
      createdAt: now,
      ...(await this.papers.seal(id, draft)),
    });
    if (missingOf(seller).length > 0) return { invoiceId: id, number: null, total };
    return this.number(await this.locked(id), seller);
  }

  /** In the caller's transaction: a draft that waited for the seller's profile; it goes on waiting while that is not complete. */
  async finalizeDraft(id: string): Promise<boolean> {
    const seller = await this.sellers.current();
    const draft = await this.rows.lock(id);
    if (draft?.state !== 'draft' || missingOf(seller).length > 0) return false;
    await this.number(draft, seller);
    return true;
  }

  /**
   * In the caller's transaction: money that came for an invoice without an order is taken to it; repeating it takes nothing
   * twice. Answers what is still open.
   */
  async applyPayments(invoiceId: string): Promise<Money> {
    return this.money.collect(await this.locked(invoiceId));
  }

  /** In the caller's transaction: ends an invoice that nobody has paid; its number stays in the register. */
  async void(invoiceId: string, reason: string): Promise<void> {
    const invoice = await this.locked(invoiceId);
    if (invoice.state !== 'open' && invoice.state !== 'uncollectible')
      throw invoiceProblems.invoice_not_open();
    const written = await this.money.writtenOff(invoice);
    if (!invoice.settled.equals(written)) throw invoiceProblems.invoice_paid_in_part();
    if (!written.isZero()) await this.money.takeBackWriteOff(invoice, written);
    await this.rows.end(invoiceId, 'void', reason, this.clock.now());
    await this.money.uncharge(invoice);
    await this.money.tell(invoiceId);
  }

  /** In the caller's transaction: nobody expects its money any more; what comes all the same is taken. */
  async writeOff(invoiceId: string, reason: string): Promise<void> {
    const invoice = await this.locked(invoiceId);
    if (invoice.state !== 'open') throw invoiceProblems.invoice_not_open();
    const [due, now] = [dueOf(invoice), this.clock.now()];
    await this.rows.end(invoiceId, 'uncollectible', reason, now);
    const settlementId = await this.rows.settle(invoiceId, 'write_off', invoiceId, due, now);
    const posting = invoicePostings.writtenOff(settlementId, due);
    await this.money.post({ paymentId: null, orderId: invoice.orderId, invoiceId }, posting);
    await this.money.tell(invoiceId);
  }

  /** The series of a document of today. What is tried out is numbered beside what is meant. */
  series(kind: 'invoice' | 'credit_note', seller: SellerProfile): Series {
    const date = localDate(this.clock.now(), seller.timeZone);
    const pattern = kind === 'invoice' ? seller.invoicePrefix : seller.creditNotePrefix;
    const prefix = pattern.replaceAll('{year}', date.slice(0, 4));
    return this.config.production
      ? { series: `${kind}:${prefix}`, prefix, date }
      : { series: `test:${kind}:${prefix}`, prefix: `TEST-${prefix}`, date };
  }

  private async number(draft: Invoice, seller: SellerProfile): Promise<Finalized> {
    const { id: invoiceId, orderId, subscriptionId, total } = draft;
    const prepaid = await this.money.take(draft, total);
    await this.money.charge(draft);
    await this.money.giveAway(subjectOf(orderId, invoiceId));
    const { content } = draft;
    const final: PublicContent = {
      ...content,
      kind: 'invoice',
      seller: sellerOf(seller),
      totals: { ...content.totals, prepaid: prepaid.toJSON(), due: total.minus(prepaid).toJSON() },
      notes: [...new Set([...content.notes, ...seller.notes])],
    };
    failpoint('invoice.before_number');
    const { number, state } = await this.rows.finalize(
      invoiceId,
      this.series('invoice', seller),
      final,
      seller.paymentTermDays,
      this.clock.now(),
    );
    failpoint('invoice.after_number');
    const fact = { invoiceId, orderId, subscriptionId, number, state };
    this.outbox.record(new InvoiceFinalized({ ...fact, total: total.toJSON() }));
    return { invoiceId, number, total };
  }

  private async locked(id: string): Promise<Invoice> {
    const invoice = await this.rows.lock(id);
    if (invoice === null) throw platformProblems.not_found();
    return invoice;
  }
}

/** Why an invoice is a draft. */
export const SELLER_INCOMPLETE = 'seller_incomplete';

const NOWHERE: InvoiceSeller['address'] = {
  line1: '',
  line2: null,
  city: '',
  postalCode: null,
  region: null,
  country: '',
};

function draftContent(draft: InvoiceDraft, seller: SellerProfile, today: string): PublicContent {
  const { currency, lines, charged, taxNote, subject } = draft;
  const { net, tax, gross } = sumsOf(lines, currency);
  const { name, vatId, taxNumber, register, email, iban, bic } = seller;
  return {
    kind: 'pro_forma',
    number: null,
    issueDate: today,
    dueDate: null,
    deliveryDate: draft.deliveryDate,
    period: draft.period,
    currency,
    pricesIncludeTax: draft.pricesIncludeTax,
    seller: { name, address: seller.address ?? NOWHERE, vatId, taxNumber, register, email, iban, bic },
    orderNumber: 'orderId' in subject ? subject.orderNumber : null,
    lines,
    taxes: taxesOf(lines),
    totals: {
      net: net.toJSON(),
      tax: tax.toJSON(),
      gross: gross.toJSON(),
      prepaid: Money.zero(currency).toJSON(),
      due: gross.toJSON(),
    },
    charged,
    references: null,
    notes: taxNote === null ? [] : [taxNote],
  };
}
