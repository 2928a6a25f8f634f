import { defineProblems, idMember } from '../../platform/http/problem.js';

/** The order that a checkout wrote before it was refused. */
const ORDER_MEMBERS = {
  orderId: idMember('The order that was written.'),
  number: { description: 'Its number.', schema: { type: 'string' }, example: 'G-1042' },
  orderStatus: { description: 'Its status.', schema: { type: 'string' }, example: 'pending_payment' },
  paymentId: idMember('Its payment, when one was opened.', true),
};

export const checkoutProblems = defineProblems('ordering', {
  out_of_stock: {
    status: 409,
    members: ORDER_MEMBERS,
    title: 'Not enough stock',
    meaning: 'Somebody was quicker: less is left than the cart asks for.',
    remedy: 'Take fewer of the lines that `errors` points at, or remove them.',
  },
  cart_changed: {
    status: 409,
    members: {
      totals: {
        description: 'What the cart comes to now.',
        schema: { $ref: '#/components/schemas/TotalsDto' },
        example: {
          subtotal: { amount: 3998, currency: 'EUR' },
          discount: { amount: 0, currency: 'EUR' },
          shipping: { amount: 490, currency: 'EUR' },
          tax: { amount: 717, currency: 'EUR' },
          total: { amount: 4488, currency: 'EUR' },
        },
      },
      promotions: {
        description: 'Promotions of the cart that nothing is left of for this buyer, and why.',
        schema: {
          type: 'array',
          items: {
            type: 'object',
            required: ['promotionId', 'title', 'code', 'why'],
            properties: {
              promotionId: { type: 'string', format: 'uuid' },
              title: { type: 'string' },
              code: { type: ['string', 'null'] },
              why: { type: 'string' },
            },
          },
        },
        example: [],
      },
    },
    title: 'The total is another one',
    meaning:
      'Prices, shipping, tax or promotions changed since the total in `expectedTotal` was shown; or a promotion that the cart showed was used before by whoever buys.',
    remedy: 'Show the shopper `totals` of this answer and send its total as `expectedTotal`.',
  },
  tax_unknown: {
    status: 503,
    title: 'The tax is not known now',
    meaning: 'The tax provider does not answer, and the shop sells nothing without its answer.',
    remedy: 'Try again in a minute.',
  },
  cart_not_ready: {
    status: 422,
    title: 'Something is missing',
    meaning: 'The cart lacks what an order needs.',
    remedy: 'See to what `errors` points at; GET /v1/carts/{id}/readiness says how.',
  },
  buyer_unknown: {
    status: 422,
    title: 'Say who you are',
    meaning:
      'Something in the cart is limited for each customer, and nobody has shown that the e-mail address of the cart is theirs.',
    remedy: 'Sign in with the address of the cart; or leave out what is limited, and the promotion codes.',
  },
  payment_declined: {
    status: 402,
    members: {
      ...ORDER_MEMBERS,
      declineCode: {
        description: 'Why, in the words of the gateway.',
        schema: { type: ['string', 'null'] },
        example: 'insufficient_funds',
      },
    },
    title: 'The payment was declined',
    meaning:
      'The gateway took nothing. The order is kept for a while, with what gift cards and store credit have paid, and waits for ' +
      'another try.',
    remedy: 'Check out again with another payment method and a new Idempotency-Key; it is the same order.',
  },
  order_closed: {
    status: 409,
    members: ORDER_MEMBERS,
    title: 'The order of this cart is closed',
    meaning: 'The order that was written from this cart is paid, canceled or expired.',
    remedy: 'Read the order named in `orderId`; make a new cart to buy again.',
  },
  order_fixed: {
    status: 409,
    members: ORDER_MEMBERS,
    title: 'The order is written already',
    meaning: 'Another attempt to pay an order cannot change its e-mail, addresses or shipping.',
    remedy: 'Leave them out, or cancel the order named in `orderId` and make a new cart.',
  },
});
