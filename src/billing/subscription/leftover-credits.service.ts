import { Injectable, Logger } from '@nestjs/common';
import { type CreditableLine, creditLinesOf } from '../credit-note/credit-lines.js';
import { CreditNotes } from '../credit-note/credit-notes.service.js';
import { sumsOf } from '../invoice/invoice-arithmetic.js';
import { dueOf, InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { type CreditOf, GivenBackRepository } from './given-back.repository.js';
import { PendingLineRepository } from './pending-line.repository.js';
import { addDays } from './periods.js';
import { invoiceLines } from './subscription-lines.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** Printed on such notes. */
export const LEFTOVER_MEMO =
  'Given back by a change of the subscription, which has ended before an invoice could take it off.';

/** Credits of subscriptions that have ended, which no invoice comes any more to take off: the buyer gets credit notes for them. */
@Injectable()
export class LeftoverCredits {
  private readonly log = new Logger('billing');

  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly pending: PendingLineRepository,
    private readonly billed: GivenBackRepository,
    private readonly documents: InvoiceRepository,
    private readonly making: Invoices,
    private readonly creditNotes: CreditNotes,
    private readonly ends: PaymentEnd,
  ) {}

  /**
   * In the caller's transaction: each credit that waits is on a note of the invoice that it gives back of, and waits no more. It
   * reduces what is open of that; the rest is kept for the buyer, pays what else the subscription owes, and is in limbo until somebody
   * sends it back. Repeating it does nothing.
   */
  async giveBack(subscriptionId: string): Promise<void> {
    const subscription = await this.rows.lock(subscriptionId);
    if (subscription === null || subscription.endedAt === null) return;
    const { currency, country } = subscription;
    const { pricesIncludeTax } = (await this.rows.item(subscriptionId)).terms;
    for (const { id, line } of await this.pending.credits(subscriptionId)) {
      const { kind, sku, period } = line;
      if (period === null) continue;
      const { gross } = sumsOf(invoiceLines([line], { currency, country, pricesIncludeTax }), currency);
      await this.pending.credited(id);
      await this.credit(subscriptionId, { kind, sku, ...period, before: null }, -gross.amount);
    }
  }

  /** Of the newest invoice first. */
  private async credit(subscriptionId: string, credit: CreditOf, amount: bigint): Promise<void> {
    let left = amount;
    for (const { invoiceId, lineId } of await this.billed.linesOf(subscriptionId, credit)) {
      if (left === 0n) return;
      left -= await this.note(subscriptionId, invoiceId, lineId, left);
    }
    // Nothing is left of a line that other documents have given back meanwhile.
    if (left > 0n)
      this.log.error(
        `${left} of a credit of the ended subscription ${subscriptionId} are left of no invoice`,
      );
  }

  /** Under the lock of the invoice: up to so much of a line of it; answers how much that was. */
  private async note(
    subscriptionId: string,
    invoiceId: string,
    lineId: string,
    most: bigint,
  ): Promise<bigint> {
    await this.making.applyPayments(invoiceId);
    const invoice = await this.documents.find(invoiceId);
    const all = invoice === null ? [] : await this.creditNotes.creditable(invoice);
    const mine = all.find(({ line }) => line.id === lineId);
    if (invoice === null || mine === undefined || mine.leftTotal <= 0n) return 0n;
    const part = least(most, mine.leftTotal);
    const wanted = withCredits(all, mine, part);
    const total = wanted.reduce((sum, one) => sum + one, 0n);
    // An invoice that its own credits have paid as a whole has none of its own.
    if (total <= 0n) return 0n;
    const explain = 'What the change gave back; the tax by cumulative difference.';
    await this.creditNotes.issue(invoice, {
      lines: creditLinesOf(all, wanted, explain, invoice.content.pricesIncludeTax),
      ...{
        origin: 'staff',
        reason: 'order_change',
        memo: LEFTOVER_MEMO,
        refundId: null,
        createdBy: 'system',
      },
    });
    const reduced = await this.documents.find(invoiceId);
    if (reduced) await this.ends.askLess(invoiceId, dueOf(reduced));
    for (const [index, { line }] of all.entries()) {
      const { id, sku, period } = line;
      const again = -(wanted[index] ?? 0n);
      if (again <= 0n || sku === null || period === null) continue;
      const days = { start: period.start, end: addDays(period.end, 1) };
      const kind = id.startsWith('usage') ? 'usage' : 'credit';
      await this.credit(subscriptionId, { kind, sku, ...days, before: invoiceId }, again);
    }
    return part;
  }
}

/**
 * So much of one line, and of the credits beside it what the invoice comes to less than that: they had paid for it, so that what they
 * gave back is left of the invoices before, and is credited of those.
 */
function withCredits(all: readonly CreditableLine[], mine: CreditableLine, part: bigint): bigint[] {
  const wanted = all.map((one) => (one === mine ? part : 0n));
  const above = (isOne: (one: CreditableLine) => boolean) =>
    all.reduce((sum, one, at) => (isOne(one) ? sum + (wanted[at] ?? 0n) - one.leftTotal : sum), 0n);
  for (const isOne of [({ key }: CreditableLine) => key === mine.key, () => true])
    all.forEach((one, at) => {
      if (one.leftTotal >= 0n || !isOne(one)) return;
      const before = wanted[at] ?? 0n;
      const taken = least(above(isOne), before - one.leftTotal);
      if (taken > 0n) wanted[at] = before - taken;
    });
  return wanted;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
