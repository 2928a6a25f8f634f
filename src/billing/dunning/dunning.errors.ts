import { defineProblems } from '../../platform/http/problem.js';

export const invoiceLinkProblems = defineProblems('billing', {
  invoice_link_ended: {
    status: 410,
    title: 'The link has ended',
    meaning: 'Its time is over.',
    remedy: 'Use the newest letter, or ask the shop for another link.',
  },
  invoice_not_due: {
    status: 409,
    title: 'Nothing is due',
    meaning: 'The invoice is paid, or nobody expects its money any more.',
    remedy: 'Look at the invoice; there is nothing to pay.',
  },
  method_barred: {
    status: 409,
    title: 'The card must not be tried again',
    meaning:
      'It was refused for good, or so often within these weeks that the card networks allow no more attempts, whoever makes them.',
    remedy: 'Pay with another method: a link takes it as `payment`, a subscription as `paymentMethodId`.',
  },
  invoice_payment_declined: {
    status: 402,
    title: 'The payment was declined',
    meaning: 'The gateway took nothing; `declineCode` says why.',
    remedy: 'Try again with another method and a new Idempotency-Key.',
    members: {
      declineCode: {
        description: 'As the gateway says it.',
        schema: { type: 'string' },
        example: 'insufficient_funds',
      },
    },
  },
});

export const dunningProblems = defineProblems('billing', {
  collection_barred: {
    status: 409,
    title: 'Trying again could not work',
    meaning:
      'The method must not be charged again: it was refused for good, the bank wants the customer, the card networks allow no ' +
      'more attempts, or there is no method. `bar` says which.',
    remedy: 'Ask the customer to pay by a link, or to keep another method.',
    members: {
      bar: {
        description: 'Why nobody is asked.',
        schema: { type: 'string' },
        example: 'hard_decline',
      },
    },
  },
});
