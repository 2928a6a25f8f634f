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

/** What was taken off, line by line; `lineIds` are those of the order, in the order of the assessed lines. */
export function discountsOf(
  { applied, lines }: Pick<Assessment, 'applied' | 'lines'>,
  lineIds: readonly (string | undefined)[],
): OrderDiscount[] {
  return applied.flatMap((one) => {
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
}

/** Off the shipping, of all that was taken off an order. */
export const shippingDiscountOf = (discounts: readonly OrderDiscount[]): bigint =>
  discounts.reduce((sum, { lineId, amount }) => (lineId === null ? sum + amount : sum), 0n);
