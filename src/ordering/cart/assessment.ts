import type { SellableVariant } from '../../catalog/catalog.api.js';
import { Money } from '../../platform/money/money.js';
import type { Rules } from '../shipping/selling-rules.js';
import { type Offer, offersFor } from '../shipping/shipping-zone.js';
import { taxRulesFor } from '../tax/tax-zone.js';
import type { Cart, CartLine } from './cart.js';
import { computeTotals, type Totals } from './totals.js';

/** One thing that stands between a cart and an order. */
export interface Obstacle {
  code:
    | 'empty_cart'
    | 'email_missing'
    | 'shipping_address_missing'
    | 'shipping_unavailable'
    | 'shipping_option_unavailable'
    | 'variant_unavailable'
    | 'out_of_stock';
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
}

/** A cart as it stands now: today's prices, what can carry it, what it comes to, and what is in the way. */
export interface Assessment {
  lines: AssessedLine[];
  offers: Offer[];
  shipping: { offer: Offer; chosenBy: 'shopper' | 'cheapest' } | null;
  taxZone: string;
  totals: Totals;
  obstacles: Obstacle[];
}

/** The one judgement over a cart: what the shopper is shown, what readiness lists and what guards the checkout. */
export function assess(cart: Cart, sellable: readonly SellableVariant[], rules: Rules): Assessment {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const lines = cart.lines.map((line) => {
    const variant = variants.get(line.variantId) ?? null;
    return { line, variant, unitPrice: variant?.unitPrice ?? Money.of(line.unitAmount, cart.currency) };
  });
  const country = cart.shippingAddress?.country ?? null;
  const grams = lines.reduce(
    (sum, { line, variant }) => sum + line.quantity * (variant?.weightGrams ?? 0),
    0,
  );
  const offers = country === null ? [] : offersFor(rules.shipping, country, cart.currency, grams);
  const chosen = offers.find(({ optionId }) => optionId === cart.shippingOptionId);
  const cheapest = cart.shippingOptionId === null ? offers[0] : undefined;
  const shipping = chosen
    ? ({ offer: chosen, chosenBy: 'shopper' } as const)
    : cheapest
      ? ({ offer: cheapest, chosenBy: 'cheapest' } as const)
      : null;
  const tax = taxRulesFor(rules.tax, country);
  const totals = computeTotals(
    cart.currency,
    lines.map(({ line, variant, unitPrice }) => ({
      unitPrice,
      quantity: line.quantity,
      taxClass: variant?.taxClass ?? 'standard',
    })),
    lines.length > 0 ? (shipping?.offer.price ?? null) : null,
    tax,
  );
  return {
    lines,
    offers,
    shipping,
    taxZone: tax.zone,
    totals,
    obstacles: [
      ...lineObstacles(lines),
      ...buyerObstacles(cart),
      ...shippingObstacles(cart, offers, shipping),
    ],
  };
}

function lineObstacles(lines: readonly AssessedLine[]): Obstacle[] {
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
  return lines.flatMap(({ line, variant }, index): Obstacle[] => {
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
    if (variant.backorder || variant.available >= line.quantity) return [];
    return [
      {
        code: 'out_of_stock',
        pointer: `${pointer}/quantity`,
        detail: `${line.sku} has ${variant.available} available, ${line.quantity} requested.`,
        fix: variant.available > 0 ? `Take ${variant.available} or fewer.` : `Remove the line ${line.id}.`,
      },
    ];
  });
}

function buyerObstacles({ email, shippingAddress }: Cart): Obstacle[] {
  const obstacles: Obstacle[] = [];
  if (email === null) {
    obstacles.push({
      code: 'email_missing',
      pointer: '/email',
      detail: 'Nobody to send the confirmation to.',
      fix: 'Send `email` with the cart or with the checkout.',
    });
  }
  if (shippingAddress === null) {
    obstacles.push({
      code: 'shipping_address_missing',
      pointer: '/shippingAddress',
      detail: 'Nowhere to send the goods to.',
      fix: 'Send `shippingAddress` with the cart or with the checkout.',
    });
  }
  return obstacles;
}

function shippingObstacles(
  cart: Cart,
  offers: readonly Offer[],
  shipping: Assessment['shipping'],
): Obstacle[] {
  if (cart.shippingAddress === null || shipping !== null || cart.lines.length === 0) return [];
  if (offers.length === 0) {
    return [
      {
        code: 'shipping_unavailable',
        pointer: '/shippingAddress/country',
        detail: `Nothing ships this cart to ${cart.shippingAddress.country} in ${cart.currency}.`,
        fix: 'Use another address or currency, or take out what is too heavy.',
      },
    ];
  }
  return [
    {
      code: 'shipping_option_unavailable',
      pointer: '/shippingOptionId',
      detail: 'The chosen shipping option does not fit this address, currency or weight.',
      fix: 'Choose one of GET /v1/carts/{id}/shipping-options, or null for the cheapest.',
    },
  ];
}
