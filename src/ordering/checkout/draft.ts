import type { SellablePart } from '../../catalog/catalog.api.js';
import { type Address, toAddress } from '../../platform/address/address.js';
import type { Problem } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Assessment, Obstacle } from '../cart/assessment.js';
import type { Cart } from '../cart/cart.js';
import { totalsView } from '../cart/cart.view.js';
import { shownUnitPrice, type TaxLine } from '../cart/totals.js';
import { UNTOUCHED } from '../order/order-pieces.js';
import { discountsOf } from '../order/order-discount.js';
import type { Order, OrderComponent, OrderLine, OrderTaxLine } from '../order/order.js';
import { promotionProblems } from '../promotion/promotion.errors.js';
import type { Spent } from '../promotion/promotion.js';
import { SPENT } from '../promotion/trace.js';
import type { PickupPoint } from '../shipping/pickup-point.js';
import type { Quotes } from '../shipping/carrier-quotes.service.js';
import { detailsOf } from '../shipping/shipping-details.js';
import { hashOfQuestion } from '../tax/external-tax.js';
import type { TaxBook } from '../tax/tax-rules.js';
import { type CheckedVatId, plainVatId } from '../../platform/vat/vat-id.js';
import type { CheckoutDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import type { KnownTax } from './checkout-terms.service.js';

/**
 * The cart as it is checked out: what came with the checkout goes before what the cart had. `point` is the pickup point
 * that came with it, `vat` what is known of the VAT id.
 */
export function withCheckout(
  cart: Cart,
  input: CheckoutDto,
  point: PickupPoint | null,
  vat: CheckedVatId | null = null,
): Cart {
  return {
    ...cart,
    email: input.email ?? cart.email,
    shippingAddress: input.shippingAddress ? toAddress(input.shippingAddress) : cart.shippingAddress,
    billingAddress: input.billingAddress ? toAddress(input.billingAddress) : cart.billingAddress,
    shippingOptionId: input.shippingOptionId ?? cart.shippingOptionId,
    ...(input.pickupPointId && { pickupPointId: input.pickupPointId, pickupPoint: point }),
    giftMessage: input.giftMessage ?? cart.giftMessage,
    // One that was only checked again is nobody's when the cart has another by now.
    ...(vat && (input.vatId || cart.vatId === vat.vatId) && { vatId: vat.vatId, vatCheck: vat.vatCheck }),
  };
}

/** Throws when the cart cannot become an order as it stands, or not for what the shopper was shown. */
export function guard(assessment: Assessment, expected: CheckoutDto['expectedTotal']): void {
  const { obstacles, totals } = assessment;
  const missing = obstacles.filter(({ code }) => code !== 'out_of_stock');
  if (missing.length > 0) {
    throw checkoutProblems.cart_not_ready(missing[0]?.detail, { errors: missing.map(toFieldError) });
  }
  if (obstacles.length > 0) throw outOfStock(obstacles);
  if (
    expected &&
    !(BigInt(expected.amount) === totals.total.amount && expected.currency === totals.total.currency)
  ) {
    throw changedTotal(assessment);
  }
}

/** The cart comes to something else than was shown, with the promotions that nothing is left of, which may be why. */
export function changedTotal({ totals, tried }: Assessment): Problem {
  const spent = tried.filter(({ outcome }) => outcome === 'spent');
  const reasons = spent.map(({ title, why }) => ` ${title}: ${why}`).join('');
  return checkoutProblems.cart_changed(`It comes to ${totals.total}.${reasons}`, {
    extra: {
      totals: totalsView(totals),
      promotions: spent.map(({ promotionId, title, code, why }) => ({ promotionId, title, code, why })),
    },
  });
}

/** Whether something that applies by itself was used by this buyer as often as one may. */
export const isUsedByBuyer = ({ inputs }: Assessment): boolean =>
  inputs.promotions.candidates.some(({ code, spent }) => code === null && spent === 'limit_per_customer');

/**
 * A code of the cart that is used up, and why; null: none. Whoever sent `expectedTotal` has agreed to the total without it;
 * nobody else shall pay more than the code had promised.
 */
export function usedUpBy(
  { tried, inputs }: Assessment,
  expected: CheckoutDto['expectedTotal'],
): { promotionId: string; code: string | null; reason: Spent | null } | null {
  if (expected) return null;
  const { candidates } = inputs.promotions;
  for (const { outcome, code, promotionId } of tried) {
    if (outcome !== 'spent' || code === null) continue;
    const one = candidates.find((each) => each.code === code && each.spent !== 'code_expired');
    if (one) return { promotionId, code, reason: one.spent };
  }
  return null;
}

/** Nothing is left of a promotion that the total counted on. */
export function usedUp(
  { promotionCodes }: Pick<Cart, 'promotionCodes'>,
  { promotionId, code }: { promotionId: string; code: string | null },
  why: Spent | null,
): Problem {
  const isOwn = why === 'limit_per_customer';
  return promotionProblems.promotion_used_up(isOwn ? SPENT.limit_per_customer : undefined, {
    extra: { promotionId, promotionCode: code },
    ...(code !== null && {
      errors: [
        {
          pointer: `/promotionCodes/${promotionCodes.indexOf(code)}`,
          code: 'promotion_used_up',
          message: isOwn ? 'was used by this customer as often as one may' : 'was used as often as it may be',
        },
      ],
    }),
  });
}

/**
 * Throws when the price of a carrier is another one than the shopper can have seen: it was asked for just now and nobody
 * said what total was shown, or the cart became another one since it was asked for.
 */
export function refuseUnseenRates(
  { shipping, totals }: Assessment,
  { areFresh, unknown }: Quotes,
  { expectedTotal, shippingAddress }: CheckoutDto,
): void {
  if (!shipping?.offer.method.carrierService) return;
  const wasShown = !shippingAddress;
  if (unknown.size === 0 && !(areFresh && wasShown && !expectedTotal)) return;
  throw checkoutProblems.cart_changed(`The carrier was asked again: it comes to ${totals.total}.`, {
    extra: { totals: totalsView(totals) },
  });
}

/**
 * Throws when somebody outside has a say in the tax, and the shopper cannot have seen what it comes to: it was told just now and
 * nobody said what total was shown, or the cart became another one since it was asked for. And when nobody has answered, in a shop
 * that sells nothing without.
 */
export function refuseUnseenTax(
  { taxQuestion, taxation, totals }: Assessment,
  { asked, isUnseen }: KnownTax,
  { expectedTotal }: CheckoutDto,
  { needsProvider = false }: TaxBook,
): void {
  const isAnother = taxQuestion !== null && hashOfQuestion(taxQuestion) !== asked;
  if (!isAnother && needsProvider && taxation.source === 'fallback') throw checkoutProblems.tax_unknown();
  if (!isAnother && !(isUnseen && !expectedTotal)) return;
  throw checkoutProblems.cart_changed(`Its tax was asked for again: it comes to ${totals.total}.`, {
    extra: { totals: totalsView(totals) },
  });
}

export const outOfStock = (obstacles: readonly Obstacle[]) =>
  checkoutProblems.out_of_stock(obstacles[0]?.detail, { errors: obstacles.map(toFieldError) });

const toFieldError = ({ pointer, code, detail }: Obstacle) => ({ pointer, code, message: detail });

/** The order that a cart becomes: everything copied, nothing that could change afterwards. */
export function draftOrder(
  cart: Cart,
  assessment: Assessment,
  whose: { customerId: string | null; now: Date; expiresAt: Date },
): Order {
  const { lines, isSent, isPickup, shipping, taxZone, taxation, totals } = assessment;
  const isNowhere = isSent && (shipping === null || (cart.shippingAddress === null && !isPickup));
  if (cart.email === null || isNowhere) {
    throw new Error('the guard lets no such cart through');
  }
  const taxLines: OrderTaxLine[] = [];
  const lineIds: (string | undefined)[] = [];
  const orderLines = lines.flatMap(({ line, variant, unitPrice, givenBy }, index): OrderLine[] => {
    const charge = totals.lines[index];
    if (!charge || !variant) return [];
    const id = newId();
    lineIds[index] = id;
    taxLines.push(...charge.taxLines.map((tax) => taxLine(id, tax)));
    return [
      {
        id,
        variantId: line.variantId,
        productId: variant.productId,
        sku: variant.sku,
        title: variant.title,
        variantTitle: variant.variantTitle,
        options: variant.options,
        quantity: line.quantity,
        fulfilled: 0,
        ...UNTOUCHED,
        promisedFor: null,
        kind: variant.kind,
        download: variant.download,
        giftCard: variant.kind === 'gift_card' ? line.giftCard : null,
        properties: line.properties,
        stockTracked: variant.stockTracked,
        components: variant.components?.map(frozen) ?? null,
        givenBy: givenBy?.promotionId ?? null,
        unitPrice: shownUnitPrice(unitPrice, line.quantity, charge).amount,
        discount: charge.discount.amount,
        tax: charge.tax.amount,
        total: charge.total.amount,
      },
    ];
  });
  if (totals.shipping) taxLines.push(...totals.shipping.taxLines.map((tax) => taxLine(null, tax)));
  return {
    id: newId(),
    number: '',
    cartId: cart.id,
    customerId: whose.customerId,
    tokenHash: cart.tokenHash,
    status: 'pending_payment',
    paymentStatus: 'none',
    fulfilmentStatus: isSent ? 'unfulfilled' : 'not_required',
    currency: cart.currency,
    email: cart.email,
    // What is fetched goes nowhere else, whatever address the cart had.
    shippingAddress: isPickup ? null : cart.shippingAddress,
    billingAddress: isPickup ? (cart.billingAddress ?? cart.shippingAddress) : cart.billingAddress,
    shippingOptionId: shipping?.offer.optionId ?? null,
    shippingTitle: shipping?.offer.title ?? null,
    shippingChosenBy: shipping?.chosenBy ?? null,
    shippingDetails: shipping && detailsOf(shipping.offer),
    giftMessage: cart.giftMessage,
    pricesIncludeTax: totals.pricesIncludeTax,
    taxZone,
    taxation,
    subtotal: totals.subtotal.amount,
    discount: totals.discount.amount,
    shipping: totals.shippingPrice.amount,
    tax: totals.tax.amount,
    total: totals.total.amount,
    givenBack: 0n,
    withdrawn: 0n,
    heldAt: null,
    holdReason: null,
    tags: [],
    expiresAt: whose.expiresAt,
    placedAt: null,
    createdAt: whose.now,
    version: 1,
    lines: orderLines,
    taxLines,
    discounts: discountsOf(assessment, lineIds),
    history: [],
    fulfilments: [],
  };
}

const frozen = ({ variantId, sku, title, quantity, stockTracked }: SellablePart): OrderComponent => ({
  variantId,
  sku,
  title,
  quantity,
  stockTracked,
});

const taxLine = (
  lineId: string | null,
  { taxClass, title, ratePpm, jurisdiction, base, amount }: TaxLine,
): OrderTaxLine => ({
  lineId,
  taxClass,
  title,
  ratePpm,
  jurisdiction,
  base: base.amount,
  amount: amount.amount,
});

/** Whether the checkout says where it goes, so that no total of the cart as it was can have been the right one. */
export const saysWhere = ({ shippingAddress, billingAddress }: CheckoutDto, cart: Cart): boolean =>
  isOther(shippingAddress, cart.shippingAddress) || isOther(billingAddress, cart.billingAddress);

const isOther = (given: CheckoutDto['shippingAddress'], present: Address | null): boolean =>
  given != null && JSON.stringify(toAddress(given)) !== JSON.stringify(sorted(present));

/** Whether the checkout asks for something else than the order that was written already. */
export function contradicts(order: Order, input: CheckoutDto): boolean {
  const differs = (wanted: Address | null | undefined, present: Address | null) =>
    wanted !== undefined && wanted !== null && JSON.stringify(wanted) !== JSON.stringify(sorted(present));
  const point = order.shippingDetails?.pickupPoint ?? null;
  return (
    (input.email ?? order.email) !== order.email ||
    (input.giftMessage ?? order.giftMessage) !== order.giftMessage ||
    (input.vatId ? plainVatId(input.vatId) !== order.taxation?.vatId : false) ||
    // Of what nobody sends no way was kept, whatever was asked for.
    (order.shippingOptionId !== null &&
      (input.shippingOptionId ?? order.shippingOptionId) !== order.shippingOptionId) ||
    (point !== null && (input.pickupPointId ?? point.id) !== point.id) ||
    (point === null &&
      differs(input.shippingAddress ? toAddress(input.shippingAddress) : null, order.shippingAddress)) ||
    differs(input.billingAddress ? toAddress(input.billingAddress) : null, order.billingAddress)
  );
}

/** jsonb keeps no order of keys. */
const sorted = (address: Address | null): Address | null => address && toAddress(address);
