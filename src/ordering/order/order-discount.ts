import type { AssessedLine, Assessment } from '../cart/assessment.js';
import type { PromotionGroup } from '../promotion/promotion.js';

/** What one promotion took off one line of an order, or off its shipping: frozen when the order was written. */
export interface OrderDiscount {
  /** Null: off the shipping. */
  lineId: string | null;
  promotionId: string;
  /** The code that it was applied for; null: it needed none. */
  code: string | null;
  title: string;
  group: PromotionGroup;
  amount: bigint;
}

/**
 * What was taken off, line by line; `lineIds` are those of the order, in the order of the assessed lines. Where tax was
 * taken out of the prices it is out of these too: each line's parts add up to its discount, in proportion.
 */
export function discountsOf(
  { applied, lines, totals }: Pick<Assessment, 'applied' | 'lines' | 'totals'>,
  lineIds: readonly (string | undefined)[],
): OrderDiscount[] {
  const rows = applied.flatMap((one) => {
    const { promotionId, code, title, group, gift } = one;
    const taken = (lineId: string | null | undefined, amount: bigint): OrderDiscount[] =>
      lineId === undefined || amount === 0n ? [] : [{ lineId, promotionId, code, title, group, amount }];
    if (gift) {
      const at = lines.findIndex(({ givenBy }: AssessedLine) => givenBy === one);
      return taken(lineIds[at], one.amount);
    }
    if (group === 'shipping') return taken(null, one.amount);
    return one.lines.flatMap(({ index, amount }) => taken(lineIds[index], amount));
  });
  const places = [
    ...totals.lines.map((charge, index) => ({ charge, lineId: lineIds[index] })),
    ...(totals.shipping ? [{ charge: totals.shipping, lineId: null }] : []),
  ];
  for (const { charge, lineId } of places) {
    const own = rows.filter((row) => row.lineId === lineId);
    const weights = own.map(({ amount }) => amount);
    if (own.length === 0 || weights.reduce((sum, one) => sum + one, 0n) === charge.discount.amount) continue;
    const shares = charge.discount.split(weights);
    own.forEach((row, index) => {
      row.amount = shares[index]?.amount ?? row.amount;
    });
  }
  return rows;
}

/** Off the shipping, of all that was taken off an order. */
export const shippingDiscountOf = (discounts: readonly OrderDiscount[]): bigint =>
  discounts.reduce((sum, { lineId, amount }) => (lineId === null ? sum + amount : sum), 0n);
