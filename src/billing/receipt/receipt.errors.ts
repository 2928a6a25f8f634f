import { defineProblems } from '../../platform/http/problem.js';

/** What can go wrong with money that comes without a gateway. */
export const receiptProblems = defineProblems('billing', {
  receipt_known: {
    status: 409,
    title: 'Written down already',
    meaning: 'Money with this reference was written down before: each line of a statement counts once.',
    remedy: 'Read the payments of the order; where it is other money, send its own reference.',
  },
});
