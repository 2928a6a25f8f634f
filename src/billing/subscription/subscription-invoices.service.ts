import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { Money } from '../../platform/money/money.js';
import { Collections } from '../dunning/collections.service.js';
import { sumsOf } from '../invoice/invoice-arithmetic.js';
import { type Finalized, Invoices } from '../invoice/invoices.service.js';
import { namesBuyer } from '../plan/plan.js';
import { type CycleBill, CycleCharges } from './cycle-charges.service.js';
import { PendingLineRepository } from './pending-line.repository.js';
import { addDays, type BillingPeriod, localDate } from './periods.js';
import type { Subscription, SubscriptionItem } from './subscription.js';
import { SubscriptionBuyers } from './subscription-buyers.service.js';
import { fitting, invoiceLines, type PendingLine } from './subscription-lines.js';

/** Invoices of subscriptions. */
@Injectable()
export class SubscriptionInvoices {
  constructor(
    private readonly pending: PendingLineRepository,
    private readonly charges: CycleCharges,
    private readonly buyers: SubscriptionBuyers,
    private readonly invoices: Invoices,
    private readonly collections: Collections,
    private readonly clock: Clock,
  ) {}

  /**
   * All that the next invoice of a subscription has to say, and what of its credits it cannot take: `own` are the lines of its
   * reason, and what has waited comes with them. This is the one place where lines are gathered.
   */
  async gather(
    { id, currency }: Pick<Subscription, 'id' | 'currency'>,
    { terms: { pricesIncludeTax } }: Pick<SubscriptionItem, 'terms'>,
    own: readonly PendingLine[],
  ): Promise<{ now: PendingLine[]; later: PendingLine[] }> {
    return fitting([...own, ...(await this.pending.waiting(id))], { currency, pricesIncludeTax });
  }

  /**
   * In the caller's transaction, under the lock of the subscription, and last of all in it: the invoice of these lines and of what
   * has waited. Null when there is nothing to say. With `collect` its money is fetched from the method of the customer.
   */
  async issue(
    subscription: Subscription,
    item: SubscriptionItem,
    own: readonly PendingLine[],
    { period, collect }: { period: BillingPeriod; collect: boolean },
  ): Promise<Finalized | null> {
    const { now, later } = await this.gather(subscription, item, own);
    if (now.length === 0) {
      // Nothing but credits: they wait, as lines of their own where they are new.
      await this.pending.add(subscription.id, own, this.clock.now());
      return null;
    }
    const { id: subscriptionId, customerId, currency, country, methodId } = subscription;
    const { pricesIncludeTax } = item.terms;
    // Who begins pays at once. Who was canceled for not paying is charged nothing more: the last invoice is sent, to be paid by a link.
    const charged = subscription.collection === 'automatic' && (collect || subscription.state !== 'canceled');
    const invoice = await this.invoices.finalize({
      kind: 'invoice',
      subject: { subscriptionId, periodStart: period.start },
      customerId,
      buyer: await this.buyers.invoiced(subscription),
      shipTo: null,
      ...{ currency, pricesIncludeTax },
      lines: invoiceLines(now, { currency, pricesIncludeTax, country }),
      deliveryDate: null,
      period: { start: period.start, end: addDays(period.end, -1) },
      dueInDays: charged ? 0 : null,
      charged,
      taxNote: now.find(({ tax }) => tax.included !== undefined)?.tax.reason ?? null,
    });
    await this.pending.taken(subscriptionId, invoice.invoiceId);
    await this.pending.add(subscriptionId, later, this.clock.now());
    if (collect && subscription.collection === 'automatic' && customerId !== null && !invoice.total.isZero())
      await this.collections.start({ invoiceId: invoice.invoiceId, subscriptionId, customerId, methodId });
    return invoice;
  }

  /** Whether lines are to be accounted for by a buyer whose VAT id nobody knows: no invoice could say them. */
  async isNameless(subscription: Subscription, lines: readonly Pick<PendingLine, 'tax'>[]): Promise<boolean> {
    return lines.some(({ tax }) => namesBuyer(tax)) && (await this.buyers.open(subscription))?.vatId === null;
  }

  /** What a cycle is charged: its own lines, what was used before it, and what a coupon takes off; reads only. */
  cycle(subscription: Subscription, own: readonly PendingLine[]): Promise<CycleBill> {
    return this.charges.of(subscription, own);
  }

  /** As `issue`, of a cycle: what was used before it is charged with it, and its coupon has had it. */
  async issueCycle(
    subscription: Subscription,
    item: SubscriptionItem,
    bill: CycleBill,
    how: { period: BillingPeriod; collect: boolean },
  ): Promise<Finalized | null> {
    const invoice = await this.issue(subscription, item, bill.lines, how);
    await this.charges.billed(subscription, how.period, bill, invoice?.invoiceId ?? null);
    return invoice;
  }

  /**
   * In the caller's transaction, under the lock of a subscription that ends or pauses: what was used up to now, and what has waited
   * for an invoice and is to be paid. A credit that nothing is left to be taken off goes on waiting: when it has ended, for a credit
   * note (`LeftoverCredits`).
   */
  async issueLast(subscription: Subscription, item: SubscriptionItem, collect = true): Promise<void> {
    const bill = await this.charges.last(subscription, item.terms.code);
    const { zone } = subscription.schedule;
    const day = localDate(this.clock.now(), zone);
    const start = bill.lines[0]?.period?.start ?? day;
    const period = { index: subscription.nextPeriod, start, end: addDays(day, 1) };
    await this.issueCycle(subscription, item, bill, { period, collect });
  }

  /** What lines come to with their taxes. */
  totalOf(
    { currency, country }: Pick<Subscription, 'currency' | 'country'>,
    { terms: { pricesIncludeTax } }: Pick<SubscriptionItem, 'terms'>,
    lines: readonly PendingLine[],
  ): { net: Money; tax: Money; gross: Money } {
    return sumsOf(invoiceLines(lines, { currency, pricesIncludeTax, country }), currency);
  }
}
