import { defineProblems, idMember } from '../../platform/http/problem.js';

export const cartProblems = defineProblems('ordering', {
  variant_unavailable: {
    status: 422,
    title: 'Not for sale',
    meaning: 'The variant is unknown, not published, or has no price in the currency of the cart.',
    remedy: 'Choose another variant, or make a cart in a currency that it is sold in.',
  },
  too_many_lines: {
    status: 422,
    title: 'The cart is full',
    meaning: 'A cart has at most 100 lines, and a line at most 999 pieces.',
    remedy: 'Split the purchase into several carts.',
  },
  quantity_limited: {
    status: 422,
    title: 'Not so many',
    meaning: 'Of the variant only so many pieces are sold in one order, or to one customer.',
    remedy: 'Take no more than `errors` says.',
  },
  unknown_promotion_code: {
    status: 422,
    title: 'Unknown promotion code',
    meaning: 'There is no such promotion code, it is over, or it was used up; `errors` says which.',
    remedy: 'Correct the codes that `errors` points at, or leave them out.',
  },
  unknown_shipping_option: {
    status: 422,
    title: 'Unknown shipping option',
    meaning: 'The shop has no shipping option of that id, or it brings nothing to the address of the cart.',
    remedy: 'Take one of `GET /v1/carts/{id}/shipping-options`.',
  },
  unknown_pickup_point: {
    status: 422,
    title: 'Unknown pickup point',
    meaning: 'The shop has no pickup point of that id.',
    remedy: 'Take one of `GET /v1/carts/{id}/pickup-points`.',
  },
  cart_closed: {
    status: 409,
    members: { orderId: idMember('The order that was written from the cart, if one was.', true) },
    title: 'The cart is closed',
    meaning:
      'An order was written from this cart, and its lines and addresses are fixed; or it was merged into another cart.',
    remedy:
      'Pay or cancel the order named in `orderId`, or go on with `GET /v1/me/cart`; make a new cart to buy something else.',
  },
  too_many_carts: {
    status: 429,
    title: 'Too many carts',
    meaning: 'The network of the request has made more carts in this hour than a shop full of people would.',
    remedy: 'Go on with a cart that there is, or wait for as long as `Retry-After` says.',
  },
  too_many_saved: {
    status: 422,
    title: 'Too much is saved',
    meaning: 'At most 100 lines are kept for later.',
    remedy: 'Take some of them back, or delete them.',
  },
  too_many_shares: {
    status: 422,
    title: 'Too many links',
    meaning: 'A cart is shown by at most 20 links at a time.',
    remedy: 'Revoke one that is no longer needed.',
  },
});
