import { defineProblems } from '../../platform/http/problem.js';

export const orderProblems = defineProblems('ordering', {
  order_not_cancelable: {
    status: 409,
    title: 'The order can no longer be canceled',
    meaning:
      'Something of it was packed, sent or downloaded, it is canceled or expired already, or it is with the shop for a moment.',
    remedy: 'Read the order; what was sent is given back as a return, and for the rest the shop is asked.',
  },
  payment_undecided: {
    status: 409,
    headers: ['Retry-After'],
    title: 'The payment is not decided yet',
    meaning: 'A payment of the order is under way, and nobody knows yet whether the money moved.',
    remedy: 'Repeat after `Retry-After`.',
  },
  order_not_fulfillable: {
    status: 409,
    title: 'The order cannot be sent',
    meaning:
      'Only a placed order whose payment is secured is sent, and each piece once. Money that a bank disputes, or has taken back, secures ' +
      'nothing.',
    remedy:
      'Read the order: its statuses and `fulfilledQuantity` of its lines. Where a bank has the money, wait for its decision, write down ' +
      'what is paid instead (POST /v1/admin/orders/{id}/payments), or cancel the order.',
  },
  order_on_hold: {
    status: 409,
    title: 'The order is on hold',
    meaning: 'Staff keep it from being sent.',
    remedy: 'Read why in `hold`, and release the order first: POST /v1/admin/orders/{id}/release.',
  },
});
