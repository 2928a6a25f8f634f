import type { Assessment } from './assessment.js';
import type { Cart } from './cart.js';
import type {
  CartDto,
  CartExplanationDto,
  ReadinessDto,
  ShippingOffersDto,
  TaxCategoryDto,
  TotalsDto,
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
export function cartView(cart: Cart, { lines, totals }: Assessment): CartDto {
  return {
    id: cart.id,
    version: cart.version,
    currency: cart.currency,
    email: cart.email,
    shippingAddress: cart.shippingAddress,
    billingAddress: cart.billingAddress,
    shippingOptionId: cart.shippingOptionId,
    promotionCodes: [],
    lines: lines.flatMap(({ line, unitPrice, variant }, index) => {
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
        unitPrice: unitPrice.toJSON(),
        discount: charge.discount.toJSON(),
        tax: charge.tax.toJSON(),
        total: charge.total.toJSON(),
      };
    }),
    totals: totalsView(totals),
  };
}

export function offersView({ offers, shipping }: Assessment): ShippingOffersDto {
  return {
    items: offers.map(({ optionId, title, zone, price }) => ({
      id: optionId,
      title,
      zone,
      price: price.toJSON(),
      selected: optionId === shipping?.offer.optionId,
    })),
    nextCursor: null,
  };
}

export function readinessView({ obstacles }: Assessment): ReadinessDto {
  return {
    ready: obstacles.length === 0,
    problems: obstacles,
  };
}

export function explanationView(assessment: Assessment): CartExplanationDto {
  const { lines, totals, shipping, offers, taxZone } = assessment;
  return {
    taxZone,
    pricesIncludeTax: totals.pricesIncludeTax,
    lines: lines.flatMap(({ line, unitPrice }, index) => {
      const charge = totals.lines[index];
      if (!charge) return [];
      return {
        id: line.id,
        sku: line.sku,
        calculation: `${line.quantity} × ${unitPrice}`,
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
            tax: totals.shipping.tax.toJSON(),
            candidates: offers.length,
          }
        : null,
    taxes: totals.taxes.map(taxView),
    totals: totalsView(totals),
  };
}
