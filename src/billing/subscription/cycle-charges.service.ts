import { Injectable } from '@nestjs/common';
import { Problem } from '../../platform/http/problem.js';
import type { Money } from '../../platform/money/money.js';
import { type CouponDiscount, Coupons, type Reduced, reduced } from '../coupon/coupons.service.js';
import type { CouponRedemption } from '../coupon/subscription-coupon.js';
import { reducedUsage, type UsageBill, UsageLines } from '../usage/usage-lines.service.js';
import { type BillingPeriod, startOfDay } from './periods.js';
import type { Subscription } from './subscription.js';
import type { PendingLine } from './subscription-lines.js';

/** All that a cycle is charged. */
export interface CycleBill {
  /** Those of the cycle first, in their order, then what was used before it; each with what a coupon takes off. */
  readonly lines: readonly PendingLine[];
  readonly usage: UsageBill | null;
  readonly discount: CouponDiscount | null;
}

/** What comes to the lines of a cycle: the usage of the time before it, and what a coupon takes off. */
@Injectable()
export class CycleCharges {
  constructor(
    private readonly usage: UsageLines,
    private readonly coupons: Coupons,
  ) {}

  /** Reads only, so that it serves previews; without the line of a cycle among them nothing is added. */
  async of(subscription: Subscription, own: readonly PendingLine[]): Promise<CycleBill> {
    const begins = own.find(({ kind }) => kind === 'cycle')?.period?.start;
    if (begins === undefined) return { lines: own, usage: null, discount: null };
    const usage = await this.usage.for(subscription, startOfDay(begins, subscription.schedule.zone));
    return charged(own.length, usage, await this.coupons.apply(subscription, [...own, ...linesOf(usage)]));
  }

  /** As `of`, where a change begins a cycle whose line is counted already, less `discount` by the coupon that it has. */
  async begun(
    subscription: Subscription,
    { start }: BillingPeriod,
    redemption: CouponRedemption | null,
    discount: Money,
  ): Promise<CycleBill> {
    const usage = await this.usage.for(subscription, startOfDay(start, subscription.schedule.zone));
    return charged(0, usage, reduced(redemption, linesOf(usage), subscription.currency, { had: discount }));
  }

  /**
   * What was used up to the end of a subscription, or to its pause, less what the coupon would have taken off it with a next cycle
   * of this plan. Nobody is kept from leaving by a report that is nonsense: what cannot be charged is left out, for people to look at.
   */
  async last(subscription: Subscription, planCode: string): Promise<CycleBill> {
    const { endedAt, pausedAt, currency } = subscription;
    const until = endedAt ?? pausedAt;
    const nothing = { lines: [], usage: null, discount: null };
    try {
      const usage = until && (await this.usage.for(subscription, until));
      if (!usage) return nothing;
      const coupon = await this.coupons.next(subscription, planCode);
      // An amount is off a whole cycle, and after a pause that is still to come.
      const holds = endedAt !== null || coupon?.terms.effect.type === 'percent';
      return charged(0, usage, reduced(holds ? coupon : null, linesOf(usage), currency, { ofCycle: false }));
    } catch (error) {
      if (error instanceof Problem) return nothing;
      throw error;
    }
  }

  /** In the transaction of the invoice, under the lock of the subscription: that is charged, once. */
  async billed(
    subscription: Subscription,
    period: BillingPeriod,
    { usage, discount }: CycleBill,
    invoiceId: string | null,
  ): Promise<void> {
    if (usage !== null) await this.usage.settle(subscription, usage, invoiceId);
    if (discount !== null) await this.coupons.used(subscription, period, discount, invoiceId);
  }
}

const linesOf = (usage: UsageBill | null): readonly PendingLine[] => usage?.lines ?? [];

/**
 * `own`: so many of the lines are none of usage. Differences come last, and no coupon is taken off them: they are reduced as what they
 * are about was.
 */
const charged = (own: number, usage: UsageBill | null, { lines, discount }: Reduced): CycleBill => ({
  lines: [...lines, ...(usage?.differences ?? [])],
  usage: usage && reducedUsage(usage, lines.slice(own)),
  discount,
});
