import type { SellableVariant } from '../../catalog/catalog.api.js';
import { MAX_BOOKED, Money } from '../../platform/money/money.js';
import type { Address } from '../../platform/address/address.js';
import { type Inputs } from '../calculation/calculation.js';
import { giftLinesOf, pricedLines, totalsOf } from '../calculation/pricing.js';
import { type CartFacts, NO_PROMOTIONS } from '../promotion/cart-facts.service.js';
import { snapshotOf } from '../promotion/cart-snapshot.js';
import { type Applied, evaluateGoods, evaluateShipping, usedOf } from '../promotion/evaluate.js';
import type { Used } from '../promotion/promotion.js';
import { withinBudgets } from '../promotion/promotion-reader.service.js';
import type { Tried } from '../promotion/trace.js';
import type { CarrierQuotes } from '../shipping/carrier-rates.port.js';
import { type CartShipping, NOTHING_SENT, shippingOf } from '../shipping/cart-shipping.js';
import type { Cargo, Misfit, Offer } from '../shipping/offers.js';
import type { Rules } from '../selling/selling-rules.js';
import { hashOfQuestion, type TaxQuestion, type TaxQuote } from '../tax/external-tax.js';
import { taxQuestion } from '../tax/tax-question.js';
import { type Taxation, taxRulesFor } from '../tax/tax-rules.js';
import { type Cart, type CartLine, quantitiesOf } from './cart.js';
import { giftLine } from './gift-line.js';
import { Shelf } from './shelf.js';
import type { Totals } from './totals.js';

/** One thing that stands between a cart and an order. */
export interface Obstacle {
  code:
    | 'empty_cart'
    | 'email_missing'
    | 'shipping_address_missing'
    | 'shipping_unavailable'
    | 'shipping_option_unavailable'
    | 'pickup_point_missing'
    | 'pickup_point_unavailable'
    | 'billing_address_missing'
    | 'variant_unavailable'
    | 'out_of_stock'
    | 'max_per_order'
    | 'max_per_customer'
    | 'total_too_large';
  /** JSON Pointer into the cart. */
  pointer: string;
  detail: string;
  /** What to do about it. */
  fix: string;
}

export interface AssessedLine {
  line: CartLine;
  unitPrice: Money;
  /** Null when it is no longer sold. */
  variant: SellableVariant | null;
  /** The promotion that gives it; null: it was put in. */
  givenBy: Applied | null;
}

/** What a cart is judged by, beside itself and the rules. */
export interface Circumstances {
  now: Date;
  /** Pieces that the customer has bought before, of what is limited. */
  bought?: ReadonlyMap<string, number>;
  /** What promotions look at; without it there are none. */
  facts?: CartFacts;
  /** What carriers ask; without it their methods have the prices of their tiers. */
  quotes?: CarrierQuotes;
  /** What somebody outside has said about the tax, if anybody was asked. */
  quote?: TaxQuote | null;
}

/** A cart as it stands now: today's prices, what can carry it, what it comes to, and what is in the way. */
export interface Assessment {
  /** Those of the cart, then those that promotions give. */
  lines: AssessedLine[];
  /** Something of it is sent: it needs an address and a way there. */
  isSent: boolean;
  offers: Offer[];
  /** What is sent, with its value. */
  cargo: Cargo;
  /** Methods that do not fit, and why. */
  misfits: Misfit[];
  shipping: CartShipping['chosen'];
  /** It is fetched: nothing goes to the shipping address. */
  isPickup: boolean;
  taxZone: string;
  /** How it is taxed and why. */
  taxation: Taxation;
  /** What somebody outside is to be asked about the tax, when the shop has one to ask. */
  taxQuestion: TaxQuestion | null;
  totals: Totals;
  /** Promotions that take something off, in the order in which they do. */
  applied: readonly Applied[];
  /** Every promotion that was tried, with what came of it. */
  tried: readonly Tried[];
  /** What has to be held for it. */
  used: readonly Used[];
  /** What it was calculated from: an order keeps it. */
  inputs: Inputs;
  obstacles: Obstacle[];
}

/** The most that one order may have of a variant, and why; null: as many as there are. */
export function mostInOne({ maxPerOrder, maxPerCustomer }: SellableVariant): {
  code: 'max_per_order' | 'max_per_customer';
  most: number;
} | null {
  if (maxPerOrder !== null && maxPerOrder <= (maxPerCustomer ?? Infinity))
    return { code: 'max_per_order', most: maxPerOrder };
  return maxPerCustomer === null ? null : { code: 'max_per_customer', most: maxPerCustomer };
}

/**
 * The one judgement over a cart: what the shopper is shown, what readiness lists and what guards the checkout. Promotions on
 * the goods come first, then what can carry them, promotions on that, and the tax on what is left.
 */
export function assess(
  cart: Cart,
  sellable: readonly SellableVariant[],
  rules: Rules,
  circumstances: Circumstances,
): Assessment {
  const {
    now,
    bought = new Map<string, number>(),
    facts = NO_PROMOTIONS,
    quotes,
    quote = null,
  } = circumstances;
  const { promotions } = facts;
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const own = cart.lines.map((line): AssessedLine => {
    const variant = variants.get(line.variantId) ?? null;
    const unitPrice = variant?.unitPrice ?? Money.of(line.unitAmount, cart.currency);
    return { line, variant, unitPrice, givenBy: null };
  });
  const snapshot = snapshotOf(
    cart,
    own,
    variants,
    destinationOf(cart, isAnySent(own))?.country ?? null,
    facts,
  );
  const goods = evaluateGoods(snapshot, promotions, now);
  const given = giftLinesOf(snapshot, goods.applied).map((gift) => giftLine(cart, gift, variants));
  const lines = [...own, ...given];

  const isSent = isAnySent(lines);
  const cargo = cargoOf(lines, goods.discounts, cart.currency);
  const moment = { now, calendar: rules.calendar, ...(quotes && { quotes }) };
  const ways = isSent ? shippingOf(cart, rules.shipping, cargo, moment) : NOTHING_SENT;
  const { offers, misfits, chosen: shipping, isPickup } = ways;
  const destination = destinationOf(cart, isSent && !isPickup);
  const price = (lines.length > 0 ? shipping?.offer.price.amount : null) ?? null;
  const shipped = evaluateShipping(snapshot, goods, price, promotions, now);
  const applied = [...goods.applied, ...shipped.applied];
  const used = usedOf(applied, cart.currency);
  const within = withinBudgets(promotions, used);
  // A budget that has less left takes its promotion out, and what that one had beaten may win: once more from the start.
  if (within !== null)
    return assess(cart, sellable, rules, { ...circumstances, facts: { ...facts, promotions: within } });

  const { vatId, vatCheck, certificates } = cart;
  const groups = facts.customerGroups;
  const { taxation, ...zoned } = taxRulesFor(rules.tax, {
    destination,
    vatId,
    vatCheck,
    certificates,
    groups,
  });
  const shippingCharge = price === null ? null : { price, discount: shipped.discount };
  const question = taxQuestion(rules.tax, zoned, taxation, destination, {
    currency: cart.currency,
    lines: pricedLines(snapshot, goods).map((one, index) => ({ ...one, sku: lines[index]?.line.sku ?? '' })),
    shipping: shippingCharge && shippingCharge.price - shippingCharge.discount,
  });
  const isAnswered = quote !== null && question !== null && quote.hash === hashOfQuestion(question);
  const tax = isAnswered ? { ...zoned, external: quote.taxes } : zoned;
  const totals = totalsOf(snapshot, goods, shippingCharge, tax);
  return {
    lines,
    isSent,
    offers,
    cargo,
    misfits,
    shipping,
    isPickup,
    taxZone: tax.zone,
    taxation: isAnswered
      ? { ...taxation, source: 'provider', quote: quote.hash }
      : { ...taxation, source: question === null ? 'zones' : 'fallback' },
    taxQuestion: question,
    totals,
    applied,
    tried: [...goods.tried, ...shipped.tried],
    used,
    inputs: { at: now, snapshot, promotions, shippingPrice: price, tax },
    obstacles: [
      ...lineObstacles(lines, bought),
      ...totalObstacles(totals),
      ...buyerObstacles(cart),
      ...ways.obstacles,
    ],
  };
}

const isLineSent = ({ variant }: Pick<AssessedLine, 'variant'>): boolean =>
  variant === null || variant.kind === 'physical';
/** Of an empty cart nobody knows yet. */
const isAnySent = (lines: readonly AssessedLine[]): boolean => lines.some(isLineSent) || lines.length === 0;
const destinationOf = ({ shippingAddress, billingAddress }: Cart, isSent: boolean): Address | null =>
  isSent ? shippingAddress : (billingAddress ?? shippingAddress);

/** What is sent of a cart, gifts too; of what is no longer sold nobody knows the weight. */
function cargoOf(lines: readonly AssessedLine[], discounts: readonly bigint[], currency: string): Cargo {
  const values = lines.map(({ line, unitPrice, variant, givenBy }, index) => {
    const isWorth = givenBy === null && isLineSent({ variant });
    return isWorth ? unitPrice.amount * BigInt(line.quantity) - (discounts[index] ?? 0n) : 0n;
  });
  return {
    lines: lines.filter(isLineSent).map(({ line: { variantId, sku, quantity }, variant }) => ({
      variantId,
      sku: variant?.sku ?? sku,
      quantity,
      weightGrams: variant?.weightGrams ?? 0,
      lengthMm: variant?.lengthMm ?? 0,
      widthMm: variant?.widthMm ?? 0,
      heightMm: variant?.heightMm ?? 0,
      shippingClass: variant?.shippingClass ?? null,
    })),
    goods: Money.of(
      values.reduce((sum, value) => sum + value, 0n),
      currency,
    ),
  };
}

function lineObstacles(lines: readonly AssessedLine[], before: ReadonlyMap<string, number>): Obstacle[] {
  if (lines.length === 0) {
    return [
      {
        code: 'empty_cart',
        pointer: '/lines',
        detail: 'There is nothing in the cart.',
        fix: 'Add a line with POST /v1/carts/{id}/lines.',
      },
    ];
  }
  const shelf = new Shelf();
  // Limits are for what is bought.
  const bought = lines.flatMap(({ line, givenBy }) => (givenBy ? [] : [line]));
  const whole = new Map(quantitiesOf(bought).map(({ variantId, quantity }) => [variantId, quantity]));
  return lines.flatMap(({ line, variant, givenBy }, index): Obstacle[] => {
    const pointer = `/lines/${index}`;
    if (variant === null) {
      return [
        {
          code: 'variant_unavailable',
          pointer,
          detail: `${line.sku} is no longer sold.`,
          fix: `Remove the line ${line.id}.`,
        },
      ];
    }
    const requested = whole.get(line.variantId) ?? line.quantity;
    const earlier = before.get(line.variantId) ?? 0;
    const limit = givenBy ? null : limitObstacle(line, requested, variant, earlier, pointer);
    if (limit !== null) return [limit];
    const { enough, most: there } = shelf.take(variant, line.quantity);
    if (enough) return [];
    return [
      {
        code: 'out_of_stock',
        pointer: `${pointer}/quantity`,
        detail: `${line.sku} has ${there} available, ${line.quantity} requested.`,
        fix: there > 0 ? `Take ${there} or fewer.` : `Remove the line ${line.id}.`,
      },
    ];
  });
}

function limitObstacle(
  line: CartLine,
  /** Pieces of the variant in all lines together. */
  requested: number,
  variant: SellableVariant,
  before: number,
  pointer: string,
): Obstacle | null {
  const { maxPerCustomer } = variant;
  const one = mostInOne(variant);
  const left = maxPerCustomer === null ? Infinity : Math.max(maxPerCustomer - before, 0);
  const most = Math.min(one?.most ?? Infinity, left);
  if (requested <= most) return null;
  const code = left < (variant.maxPerOrder ?? Infinity) ? 'max_per_customer' : 'max_per_order';
  const already = before > 0 && code === 'max_per_customer' ? `, ${before} of them bought before` : '';
  const limit = code === 'max_per_customer' ? maxPerCustomer : variant.maxPerOrder;
  return {
    code,
    pointer: `${pointer}/quantity`,
    detail: `${line.sku} is sold ${limit} to each ${code === 'max_per_customer' ? 'customer' : 'order'}${already}; ${requested} requested.`,
    fix: most > 0 ? `Take ${most} or fewer.` : `Remove the line ${line.id}.`,
  };
}

/** A cart may hold what no order can: what is too much to be booked. Nor is it booked as given away. */
function totalObstacles({ subtotal, total }: Totals): Obstacle[] {
  const most = Money.of(MAX_BOOKED, total.currency);
  const dearest = subtotal.compare(total) > 0 ? subtotal : total;
  if (dearest.compare(most) <= 0) return [];
  return [
    {
      code: 'total_too_large',
      pointer: '/lines',
      detail: `It comes to ${dearest}; an order comes to ${most} at most.`,
      fix: 'Take fewer pieces, and the others with an order of their own.',
    },
  ];
}

function buyerObstacles({ email }: Cart): Obstacle[] {
  if (email !== null) return [];
  return [
    {
      code: 'email_missing',
      pointer: '/email',
      detail: 'Nobody to send the confirmation to.',
      fix: 'Send `email` with the cart or with the checkout.',
    },
  ];
}
