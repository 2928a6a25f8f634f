import type { MoneyJson } from '../../platform/money/money.js';
import type { Coupon } from '../subscription/coupon.js';

export const COUPON_DURATIONS = ['once', 'repeating', 'forever'] as const;
export const COUPON_STATES = ['active', 'archived'] as const;

/** A coupon for subscriptions, as staff make it. */
export interface SubscriptionCoupon {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  /** Millionths off; null: an amount. */
  readonly percentPpm: number | null;
  /** Off a whole cycle, one for each currency. */
  readonly amounts: readonly MoneyJson[] | null;
  readonly duration: Coupon['duration'];
  readonly cycles: number | null;
  /** Taken before that; what was taken holds as long as it says. */
  readonly redeemBy: Date | null;
  /** Null: all plans. */
  readonly planIds: readonly string[] | null;
  readonly maxRedemptions: number | null;
  readonly maxPerCustomer: number | null;
  readonly redeemed: number;
  readonly state: (typeof COUPON_STATES)[number];
  readonly version: number;
  readonly createdAt: Date;
}

/** What was promised to a subscription: it holds, whatever becomes of the coupon. */
export interface PromisedCoupon extends Coupon {
  readonly code: string;
  readonly title: string;
}

/** A coupon that a subscription has, or had. */
export interface CouponRedemption {
  readonly id: string;
  readonly couponId: string;
  readonly subscriptionId: string;
  readonly terms: PromisedCoupon;
  readonly redeemedAt: Date;
  readonly endedAt: Date | null;
  readonly givenBack: boolean;
  /** Cycles that it took something off. */
  readonly used: number;
}

/** However it is written, it is the same code. */
export const foldCode = (code: string): string => code.normalize('NFKC').trim().toUpperCase();

/** What is promised in one currency; null: it takes nothing off there. */
export function promiseOf(
  { code, title, percentPpm, amounts, duration, cycles }: SubscriptionCoupon,
  currency: string,
): PromisedCoupon | null {
  const terms = { code, title, duration, cycles };
  if (percentPpm !== null) return { ...terms, effect: { type: 'percent', ppm: percentPpm } };
  const money = amounts?.find((amount) => amount.currency === currency);
  return money ? { ...terms, effect: { type: 'amount', money } } : null;
}
