import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { PlanTerms } from '../plan/plan.js';
import { discounts, isActive } from '../subscription/coupon.js';
import type { BillingPeriod } from '../subscription/periods.js';
import type { Subscription } from '../subscription/subscription.js';
import { amountOf, type PendingLine } from '../subscription/subscription-lines.js';
import { CouponRedemptionRepository } from './coupon-redemption.repository.js';
import { CouponRepository } from './coupon.repository.js';
import { couponProblems } from './coupon.errors.js';
import { type CouponRedemption, type PromisedCoupon, promiseOf } from './subscription-coupon.js';

/** What a coupon takes off an invoice. */
export interface CouponDiscount {
  readonly redemption: CouponRedemption;
  readonly amount: Money;
  /** Of one that begins with it; otherwise of what was used up to a pause, or to the end. */
  readonly ofCycle: boolean;
}

/** Lines with what a coupon takes off each of them. */
export interface Reduced {
  readonly lines: PendingLine[];
  readonly discount: CouponDiscount | null;
}

type Of = Pick<Subscription, 'id' | 'currency' | 'customerId'>;

/** Coupons that subscriptions have. */
@Injectable()
export class Coupons {
  constructor(
    private readonly database: Database,
    private readonly coupons: CouponRepository,
    private readonly redemptions: CouponRedemptionRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction, under the lock of the subscription: it has this coupon from its next cycle on. `pointer`: where the
   * code stood. The same coupon again is no second one, nor when it has taken off what it promised: for so many cycles it holds, once.
   * 422 where it does not hold, 409 where another one is.
   */
  async redeem(
    { id: subscriptionId, currency, customerId }: Of,
    plan: Pick<PlanTerms, 'planId' | 'kind'>,
    code: string,
    pointer = '/code',
  ): Promise<CouponRedemption> {
    if (!this.database.inTransaction) throw new Error('a coupon is taken in a transaction of its caller');
    const refused = (what: string, message: string) =>
      couponProblems.coupon_not_valid(undefined, { errors: [{ pointer, code: what, message }] });
    const coupon = await this.coupons.byCode(code);
    if (coupon?.state !== 'active') throw refused('unknown', 'is no coupon');
    const present = await this.redemptions.present(subscriptionId);
    if (present?.couponId === coupon.id) return present;
    if (present !== null) throw couponProblems.coupon_present();
    const now = this.clock.now();
    const terms = promiseOf(coupon, currency);
    if (coupon.redeemBy !== null && coupon.redeemBy <= now)
      throw refused('over', 'could be used until a time that is over');
    if (terms === null) throw refused('foreign_currency', `takes nothing off in ${currency}`);
    // Goods become orders, with coupons of their own.
    if (plan.kind === 'goods' || coupon.planIds?.includes(plan.planId) === false)
      throw refused('other_plan', 'is not for this plan');
    if (await this.redemptions.hadOf(coupon.id, subscriptionId))
      throw refused('had_here', 'has taken something off this subscription before');
    if (!(await this.coupons.count(coupon.id, now)))
      throw refused('used_up', 'was used as often as it may be');
    // Whoever else takes it waits for this transaction, so the count is exact.
    const limit = coupon.maxPerCustomer;
    if (
      limit !== null &&
      customerId !== null &&
      (await this.redemptions.countOf(coupon.id, customerId)) >= limit
    )
      throw refused('had_before', 'was used as often as one customer may');
    const redemption: CouponRedemption = {
      ...{ id: newId(), couponId: coupon.id, subscriptionId, terms, redeemedAt: now },
      ...{ endedAt: null, givenBack: false, used: 0 },
    };
    await this.redemptions.insert(redemption);
    return redemption;
  }

  /** The lines of a cycle with what the coupon takes off each of them; reads only. Without a cycle among them they are as they were. */
  async apply(
    { id, currency }: Pick<Subscription, 'id' | 'currency'>,
    lines: readonly PendingLine[],
  ): Promise<Reduced> {
    const cycle = lines.find(({ kind }) => kind === 'cycle');
    return reduced(cycle ? await this.next({ id }, cycle.sku) : null, lines, currency);
  }

  /** What the running cycle had: it counts for both sides of a change in it. */
  async running({
    id,
    scheduleNo,
    nextPeriod,
  }: Pick<Subscription, 'id' | 'scheduleNo' | 'nextPeriod'>): Promise<PromisedCoupon | null> {
    const had = await this.redemptions.inCycle(id, { scheduleNo, periodIndex: nextPeriod - 1 });
    return had?.terms ?? null;
  }

  /** What a cycle of this plan would have that began now. */
  async next({ id }: Pick<Subscription, 'id'>, planCode: string): Promise<CouponRedemption | null> {
    const redemption = await this.redemptions.presentFor(id, planCode);
    return redemption !== null && isActive(redemption.terms, redemption.used) ? redemption : null;
  }

  /** In the transaction of the invoice, under the lock of the subscription: an invoice had it. The last one ends it. */
  async used(
    { scheduleNo }: Pick<Subscription, 'scheduleNo'>,
    { index, start }: BillingPeriod,
    { redemption, amount, ofCycle }: CouponDiscount,
    invoiceId: string | null,
  ): Promise<void> {
    // A cycle that cost nothing does not use it up.
    if (amount.isZero()) return;
    const now = this.clock.now();
    const cycle = { scheduleNo, periodIndex: ofCycle ? index : null };
    await this.redemptions.use(redemption, cycle, { periodStart: start, amount, invoiceId, at: now });
    if (!isActive(redemption.terms, redemption.used + 1))
      await this.redemptions.end(redemption.id, false, now);
  }

  /** In the caller's transaction, under the lock of the subscription: it has it no more; the coupon has back what took nothing off. */
  async remove(subscriptionId: string): Promise<CouponRedemption | null> {
    const present = await this.redemptions.present(subscriptionId);
    if (present === null) return null;
    const unused = present.used === 0;
    if ((await this.redemptions.end(present.id, unused, this.clock.now())) && unused)
      await this.coupons.giveBack(present.couponId);
    return present;
  }

  /** In the caller's transaction: the subscription never began. Repeating it gives nothing back twice. */
  async giveBack(subscriptionId: string): Promise<void> {
    for (const couponId of await this.redemptions.giveBackAll(subscriptionId, this.clock.now()))
      await this.coupons.giveBack(couponId);
  }
}

/**
 * In the order of the lines; credits are left as they are. `had`: what the coupon takes off a line of the same cycle that is counted
 * elsewhere.
 */
export function reduced(
  redemption: CouponRedemption | null,
  lines: readonly PendingLine[],
  currency: string,
  { had = Money.zero(currency), ofCycle = true }: { had?: Money; ofCycle?: boolean } = {},
): Reduced {
  if (redemption === null) return { lines: [...lines], discount: null };
  const { terms } = redemption;
  const takers = lines.filter((line) => !amountOf(line).isNegative());
  const shares = discounts(terms, takers.map(amountOf), currency, had);
  const shareOf = new Map(takers.map((line, index) => [line, shares[index] ?? Money.zero(currency)]));
  return {
    lines: lines.map((line) => {
      const share = shareOf.get(line);
      if (share === undefined || share.isZero()) return line;
      const discount = Money.fromJSON(line.discount).plus(share).toJSON();
      return {
        ...line,
        discount,
        explain: `${line.explain ?? line.title}; coupon ${terms.code}: ${share} off`,
      };
    }),
    discount: { redemption, amount: Money.sum([had, ...shares], currency), ofCycle },
  };
}
