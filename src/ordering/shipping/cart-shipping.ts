import type { Obstacle } from '../cart/assessment.js';
import type { Cart } from '../cart/cart.js';
import type { Destination } from './destination.js';
import {
  type Cargo,
  cheapestFirst,
  type Misfit,
  type Moment,
  type Offer,
  type Ways,
  waysTo,
} from './offers.js';
import type { ShippingZone } from './shipping-zone.js';

/** How a cart gets to its buyer: what could carry it, what does, and what is in the way. */
export interface CartShipping {
  offers: Offer[];
  misfits: Misfit[];
  chosen: { offer: Offer; chosenBy: 'shopper' | 'cheapest' } | null;
  /** It is fetched: nothing goes to the shipping address. */
  isPickup: boolean;
  obstacles: Obstacle[];
}

type Buyer = Pick<
  Cart,
  | 'currency'
  | 'shippingAddress'
  | 'billingAddress'
  | 'shippingOptionId'
  | 'pickupPointId'
  | 'pickupPoint'
  | 'lines'
>;

/** Of a cart of which nothing is sent. */
export const NOTHING_SENT: CartShipping = {
  offers: [],
  misfits: [],
  chosen: null,
  isPickup: false,
  obstacles: [],
};

/**
 * Deliveries are offered for the shipping address; pickups for the address of the chosen point, or for that of the buyer
 * while none is chosen. Without a choice of the shopper the cheapest delivery is taken, or of a cart with a point the
 * cheapest pickup.
 */
export function shippingOf(
  cart: Buyer,
  zones: readonly ShippingZone[],
  cargo: Cargo,
  at: Moment,
): CartShipping {
  const { currency, shippingAddress, billingAddress, pickupPoint, shippingOptionId } = cart;
  const none: Ways = { zone: null, offers: [], misfits: [] };
  const ways = (destination: Destination | null | undefined, kind: 'delivery' | 'pickup') =>
    destination ? waysTo(zones, destination, currency, cargo, at, kind) : none;
  const deliveries = ways(shippingAddress, 'delivery');
  const pickups = ways(pickupPoint?.address ?? shippingAddress ?? billingAddress, 'pickup');
  const offers = [...deliveries.offers, ...pickups.offers.map((offer) => ({ ...offer, pickupPoint }))].sort(
    cheapestFirst,
  );
  const method = zones.flatMap(({ options }) => options).find(({ id }) => id === shippingOptionId);
  const isPickup = method
    ? method.kind === 'pickup'
    : shippingOptionId === null && cart.pickupPointId !== null;
  const own = isPickup ? pickups : deliveries;
  const wanted = offers.find(({ optionId }) => optionId === shippingOptionId);
  const cheapest = offers.find(({ kind }) => kind === (isPickup ? 'pickup' : 'delivery'));
  const offer = shippingOptionId === null ? cheapest : wanted;
  const chosen = offer
    ? ({ offer, chosenBy: shippingOptionId === null ? 'cheapest' : 'shopper' } as const)
    : null;
  return {
    offers,
    misfits: [...deliveries.misfits, ...pickups.misfits],
    chosen,
    isPickup,
    obstacles: [
      ...(isPickup ? pickupObstacles(cart) : addressObstacles(cart)),
      ...(chosen === null ? nothingFits(cart, own, isPickup) : []),
    ],
  };
}

function addressObstacles({ shippingAddress }: Buyer): Obstacle[] {
  if (shippingAddress !== null) return [];
  return [
    {
      code: 'shipping_address_missing',
      pointer: '/shippingAddress',
      detail: 'Nowhere to send the goods to.',
      fix: 'Send `shippingAddress` with the cart or with the checkout.',
    },
  ];
}

function pickupObstacles({ pickupPointId, pickupPoint, billingAddress, shippingAddress }: Buyer): Obstacle[] {
  const obstacles: Obstacle[] = [];
  if (pickupPointId === null) {
    obstacles.push({
      code: 'pickup_point_missing',
      pointer: '/pickupPointId',
      detail: 'Nobody knows where it will be fetched.',
      fix: 'Send `pickupPointId`, one of GET /v1/carts/{id}/pickup-points.',
    });
  } else if (!pickupPoint?.isOpen) {
    obstacles.push({
      code: 'pickup_point_unavailable',
      pointer: '/pickupPointId',
      detail: 'The pickup point takes nothing new.',
      fix: 'Choose another one of GET /v1/carts/{id}/pickup-points.',
    });
  }
  if (billingAddress === null && shippingAddress === null) {
    obstacles.push({
      code: 'billing_address_missing',
      pointer: '/billingAddress',
      detail: 'What is fetched needs the address of who pays, for the tax.',
      fix: 'Send `billingAddress` with the cart or with the checkout.',
    });
  }
  return obstacles;
}

/** Why no method is chosen, as far as there is an address to judge by. */
function nothingFits(cart: Buyer, { zone, offers, misfits }: Ways, isPickup: boolean): Obstacle[] {
  const place = isPickup ? cart.pickupPoint?.address : cart.shippingAddress;
  if (!place || cart.lines.length === 0) return [];
  if (offers.length > 0) {
    return [
      {
        code: 'shipping_option_unavailable',
        pointer: '/shippingOptionId',
        detail: 'The chosen shipping option does not fit this address, currency or weight.',
        fix: 'Choose one of GET /v1/carts/{id}/shipping-options, or null for the cheapest.',
      },
    ];
  }
  const { currency } = cart;
  const isUnpriced = misfits.length > 0 && misfits.every(({ code }) => code === 'no_price_in_currency');
  return [
    {
      code: 'shipping_unavailable',
      pointer: isPickup ? '/pickupPointId' : '/shippingAddress/country',
      detail: isUnpriced
        ? `Nothing ships this cart to ${place.country} in ${currency}: no method of ${zone?.name} has a price in ${currency}.`
        : `Nothing ships this cart to ${place.country} in ${currency}.`,
      fix: isUnpriced
        ? `Use another currency. Staff: add prices in ${currency} to the shipping zone ${zone?.name}.`
        : 'Use another address or currency, or take out what GET /v1/carts/{id}/explain says does not fit.',
    },
  ];
}
