import { defineProblems } from '../../platform/http/problem.js';

/** What a gateway cannot do. */
export const gatewayProblems = defineProblems('billing', {
  amount_not_representable: {
    status: 422,
    title: 'The gateway cannot take this amount',
    meaning:
      'The payment gateway does not know the currency, or not so small a part of it: amounts in some currencies must be whole, or ' +
      'end in 0. Nothing was rounded and nothing was charged.',
    remedy: 'Pay another amount or in another currency, or ask the shop for another way to pay.',
  },
});
