import { Money } from '../../platform/money/money.js';
import type { Tried } from '../promotion/trace.js';
import type { Assessment } from './assessment.js';
import type { Cart, CartLine } from './cart.js';
import type {
  CartDto,
  CartExplanationDto,
  FilledCartDto,
  CartPriceChangeDto,
  ReadinessDto,
  TaxCategoryDto,
  TotalsDto,
  TriedPromotionDto,
  UnusedCodeDto,
} from './cart.dto.js';
import { discountsOf } from '../order/order-discount.js';
import { explainedTaxation, taxationView } from '../tax/taxation.dto.js';
import type { LeftOut } from './fitting.js';
import { Shelf } from './shelf.js';
import { type Charge, shownUnitPrice, type TaxLine, type Totals } from './totals.js';

/** A cart into which things were put by the lot, and what stayed out. */
export interface FilledCart {
  cart: Cart;
  assessment: Assessment;
  leftOut: LeftOut[];
}

export const totalsView = (totals: Totals): TotalsDto => ({
  subtotal: totals.subtotal.toJSON(),
  discount: totals.discount.toJSON(),
  shipping: totals.shippingPrice.toJSON(),
  tax: totals.tax.toJSON(),
  total: totals.total.toJSON(),
});

export const taxView = ({
  taxClass,
  title,
  ratePpm,
  jurisdiction,
  base,
  amount,
}: TaxLine): TaxCategoryDto => ({
  taxClass,
  title,
  ratePpm,
  jurisdiction,
  base: base.toJSON(),
  amount: amount.toJSON(),
});

/** All the taxes of a line in one, for people. */
function taxInOne({ net, tax, taxLines }: Charge): TaxCategoryDto {
  const [first] = taxLines;
  return {
    taxClass: first?.taxClass ?? '',
    title: taxLines.map(({ title }) => title).join(' + '),
    ratePpm: taxLines.reduce((sum, { ratePpm }) => sum + ratePpm, 0),
    jurisdiction: taxLines.length === 1 ? (first?.jurisdiction ?? null) : null,
    base: net.toJSON(),
    amount: tax.toJSON(),
  };
}

/** The cart as the contract has it. */
export function cartView(cart: Cart, assessment: Assessment): CartDto {
  const { lines, totals, applied, taxation } = assessment;
  const shelf = new Shelf();
  const taken = discountsOf(
    assessment,
    lines.map(({ line }) => line.id),
  );
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
    promotions: applied.map(({ promotionId, title, code, group }) => ({
      promotionId,
      title,
      code,
      group,
      amount: Money.of(
        taken.reduce(
          (sum, one) => sum + (one.promotionId === promotionId && one.code === code ? one.amount : 0n),
          0n,
        ),
        cart.currency,
      ).toJSON(),
    })),
    remindMe: cart.remindSince !== null,
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
        properties: line.properties,
        ...shelf.look(variant, line.quantity),
        priceChange: priceChange(line, unitPrice),
        unitPrice: shownUnitPrice(unitPrice, line.quantity, charge).toJSON(),
        discount: charge.discount.toJSON(),
        tax: charge.tax.toJSON(),
        total: charge.total.toJSON(),
      };
    }),
    totals: totalsView(totals),
    giftMessage: cart.giftMessage,
    vatId: cart.vatId,
    pricesIncludeTax: totals.pricesIncludeTax,
    taxation: taxationView(taxation, taxation.zone),
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
function priceChange({ unitAmount }: CartLine, now: Money): CartPriceChangeDto | null {
  if (unitAmount === now.amount) return null;
  return { from: Money.of(unitAmount, now.currency).toJSON(), to: now.toJSON() };
}

export const filledCartView = (
  { cart, assessment, leftOut }: FilledCart,
  token: string | null = null,
): FilledCartDto => {
  const { id, ...rest } = cartView(cart, assessment);
  return { cart: token === null ? { id, ...rest } : { id, token, ...rest }, leftOut };
};

export function readinessView({ obstacles }: Assessment): ReadinessDto {
  return {
    ready: obstacles.length === 0,
    problems: obstacles,
  };
}

export function explanationView(assessment: Assessment): CartExplanationDto {
  const { lines, totals, shipping, offers, misfits, taxZone, taxation, tried } = assessment;
  const { currency } = totals.total;
  return {
    taxZone,
    taxation: explainedTaxation(taxation),
    pricesIncludeTax: totals.pricesIncludeTax,
    promotions: tried.map((one) => triedView(one, currency)),
    lines: lines.flatMap(({ line, unitPrice }, index) => {
      const charge = totals.lines[index];
      if (!charge) return [];
      return {
        id: line.id,
        sku: line.sku,
        calculation: `${line.quantity} × ${shownUnitPrice(unitPrice, line.quantity, charge)}${charge.discount.isZero() ? '' : ` - ${charge.discount}`}`,
        net: charge.net.toJSON(),
        tax: charge.tax.toJSON(),
        total: charge.total.toJSON(),
        taxLine: taxInOne(charge),
        taxLines: charge.taxLines.map(taxView),
      };
    }),
    shipping:
      shipping && totals.shipping
        ? {
            optionId: shipping.offer.optionId,
            title: shipping.offer.title,
            chosenBy: shipping.chosenBy,
            price: totals.shipping.price.toJSON(),
            discount: totals.shipping.discount.toJSON(),
            tax: totals.shipping.tax.toJSON(),
            total: totals.shipping.total.toJSON(),
            taxLines: totals.shipping.taxLines.map(taxView),
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
