import { Money } from '../../platform/money/money.js';
import type { Tried } from '../promotion/trace.js';
import type { Assessment } from './assessment.js';
import type { Cart } from './cart.js';
import type {
  CartDto,
  CartExplanationDto,
  ReadinessDto,
  TaxCategoryDto,
  TotalsDto,
  TriedPromotionDto,
  UnusedCodeDto,
} from './cart.dto.js';
import type { TaxLine, Totals } from './totals.js';

export const totalsView = (totals: Totals): TotalsDto => ({
  subtotal: totals.subtotal.toJSON(),
  discount: totals.discount.toJSON(),
  shipping: totals.shippingPrice.toJSON(),
  tax: totals.tax.toJSON(),
  total: totals.total.toJSON(),
});

export const taxView = ({ taxClass, title, ratePpm, base, amount }: TaxLine): TaxCategoryDto => ({
  taxClass,
  title,
  ratePpm,
  base: base.toJSON(),
  amount: amount.toJSON(),
});

/** The cart as the contract has it. */
export function cartView(cart: Cart, assessment: Assessment): CartDto {
  const { lines, totals, applied } = assessment;
  return {
    id: cart.id,
    version: cart.version,
    currency: cart.currency,
    email: cart.email,
    shippingAddress: cart.shippingAddress,
    billingAddress: cart.billingAddress,
    shippingOptionId: cart.shippingOptionId,
    pickupPointId: cart.pickupPointId,
    promotionCodes: cart.promotionCodes,
    unusedCodes: unusedCodes(cart, assessment),
    promotions: applied.map(({ promotionId, title, code, group, amount }) => ({
      promotionId,
      title,
      code,
      group,
      amount: Money.of(amount, cart.currency).toJSON(),
    })),
    lines: lines.flatMap(({ line, unitPrice, variant, givenBy }, index) => {
      const charge = totals.lines[index];
      if (!charge) return [];
      return {
        id: line.id,
        variantId: line.variantId,
        productId: line.productId,
        title: variant?.title ?? line.title,
        sku: variant?.sku ?? line.sku,
        quantity: line.quantity,
        giftCard: line.giftCard,
        givenBy: givenBy?.promotionId ?? null,
        unitPrice: unitPrice.toJSON(),
        discount: charge.discount.toJSON(),
        tax: charge.tax.toJSON(),
        total: charge.total.toJSON(),
      };
    }),
    totals: totalsView(totals),
  };
}

/** Codes of the cart that take nothing off, and why. */
function unusedCodes({ promotionCodes }: Cart, { tried }: Assessment): UnusedCodeDto[] {
  return promotionCodes.flatMap((code) => {
    const of = tried.filter((one) => one.code === code);
    if (of.some(({ outcome }) => outcome === 'applied')) return [];
    const [first] = of;
    return [
      first
        ? { code, reason: first.outcome, detail: first.why }
        : { code, reason: 'not_active', detail: 'There is nothing that it could be applied to.' },
    ];
  });
}

/** A promotion that was tried, as explanations have it. */
export function triedView(
  { amount, lines, gift, conditions, ...tried }: Tried,
  currency: string,
): TriedPromotionDto {
  const money = (minor: bigint) => Money.of(minor, currency).toJSON();
  return {
    ...tried,
    conditions: [...conditions],
    amount: money(amount),
    lines: lines.map(({ lineId, amount: off }) => ({ lineId, amount: money(off) })),
    gift: gift && { variantId: gift.variantId, quantity: gift.quantity },
  };
}

export function readinessView({ obstacles }: Assessment): ReadinessDto {
  return {
    ready: obstacles.length === 0,
    problems: obstacles,
  };
}

export function explanationView(assessment: Assessment): CartExplanationDto {
  const { lines, totals, shipping, offers, misfits, taxZone, tried } = assessment;
  const { currency } = totals.total;
  return {
    taxZone,
    pricesIncludeTax: totals.pricesIncludeTax,
    promotions: tried.map((one) => triedView(one, currency)),
    lines: lines.flatMap(({ line, unitPrice }, index) => {
      const charge = totals.lines[index];
      if (!charge) return [];
      return {
        id: line.id,
        sku: line.sku,
        calculation: `${line.quantity} × ${unitPrice}${charge.discount.isZero() ? '' : ` - ${charge.discount}`}`,
        net: charge.net.toJSON(),
        tax: charge.tax.toJSON(),
        total: charge.total.toJSON(),
        taxLine: taxView(charge.taxLine),
      };
    }),
    shipping:
      shipping && totals.shipping
        ? {
            optionId: shipping.offer.optionId,
            title: shipping.offer.title,
            chosenBy: shipping.chosenBy,
            price: shipping.offer.price.toJSON(),
            discount: totals.shipping.discount.toJSON(),
            tax: totals.shipping.tax.toJSON(),
            candidates: offers.length,
            priceFrom: shipping.offer.priceFrom,
            parcels: shipping.offer.parcels,
          }
        : null,
    misfits,
    taxes: totals.taxes.map(taxView),
    totals: totalsView(totals),
  };
}
