import { offPieces } from '../../platform/money/discount.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';

/** What a coupon takes off each cycle, for how many cycles. */
export interface Coupon {
  readonly effect: { type: 'percent'; ppm: number } | { type: 'amount'; money: MoneyJson };
  /** `repeating`: for the first `cycles` that are billed. */
  readonly duration: 'once' | 'repeating' | 'forever';
  /** Null unless it repeats. */
  readonly cycles: number | null;
}

/** Whether it still counts after so many billed cycles had it; a free trial is none of them. */
export function isActive({ duration, cycles }: Coupon, used: number): boolean {
  if (duration === 'forever') return true;
  return used < (duration === 'once' ? 1 : (cycles ?? 0));
}

/**
 * What it takes off each line of one cycle, in the order of the lines. It is counted on their sum, never more than that, and
 * shared out by largest remainder, so that the shares add up. An amount in another currency takes nothing off. `had`: what it has
 * taken off other lines of the cycle, which an amount has no more.
 */
export function discounts(
  { effect }: Coupon,
  lines: readonly Money[],
  currency: string,
  had = Money.zero(currency),
): Money[] {
  if (lines.length === 0) return [];
  const left = Money.sum(lines, currency).amount;
  const spent = effect.type === 'amount' ? had.amount : 0n;
  const off = offPieces(effect, { quantity: 1, left: left + spent }, currency) - spent;
  return Money.of(off, currency).split(lines.map(({ amount }) => amount));
}
