import { Money } from '../../platform/money/money.js';
import { computeTotals, type PricedLine, type Totals } from '../cart/totals.js';
import type { Applied, Goods } from '../promotion/evaluate.js';
import type { Snapshot } from '../promotion/snapshot.js';
import type { TaxRules } from '../tax/tax-rules.js';

/** A line that a promotion gives: at the price of the shop, which comes off again in full. */
export interface GiftLine {
  promotion: Applied;
  variantId: string;
  quantity: number;
  unitPrice: bigint;
  taxClass: string;
}

/** The lines that the applied promotions put in, after those of the cart. */
export const giftLinesOf = (snapshot: Snapshot, applied: readonly Applied[]): GiftLine[] =>
  applied.flatMap((promotion) => {
    const offer = snapshot.gifts.find(({ variantId }) => variantId === promotion.gift?.variantId);
    return promotion.gift && offer ? [{ promotion, ...promotion.gift, taxClass: offer.taxClass }] : [];
  });

/** The lines with what promotions take off them, gifts at the end. */
export function pricedLines(snapshot: Snapshot, goods: Goods): PricedLine[] {
  const money = (amount: bigint) => Money.of(amount, snapshot.currency);
  const bought = snapshot.lines.map(({ unitPrice, quantity, taxClass, isVoucher }, index): PricedLine => ({
    unitPrice: money(unitPrice),
    quantity,
    taxClass,
    isVoucher,
    discount: money(goods.discounts[index] ?? 0n),
  }));
  const given = giftLinesOf(snapshot, goods.applied).map(({ unitPrice, quantity, taxClass }): PricedLine => ({
    unitPrice: money(unitPrice),
    quantity,
    taxClass,
    discount: money(unitPrice * BigInt(quantity)),
  }));
  return [...bought, ...given];
}

/** What a cart comes to, gifts included, once it is known what promotions take off. */
export function totalsOf(
  snapshot: Snapshot,
  goods: Goods,
  shipping: { price: bigint; discount: bigint } | null,
  tax: TaxRules,
): Totals {
  const { currency } = snapshot;
  const money = (amount: bigint) => Money.of(amount, currency);
  return computeTotals(
    currency,
    pricedLines(snapshot, goods),
    shipping && money(shipping.price),
    tax,
    shipping ? money(shipping.discount) : undefined,
  );
}
