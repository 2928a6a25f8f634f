import { defineProblems } from '../../platform/http/problem.js';

/** What can go wrong when an order is paid by more than a card. */
export const tenderProblems = defineProblems('billing', {
  tender_refused: {
    status: 422,
    title: 'A gift card or store credit does not pay for it',
    meaning: 'A code is unknown, empty, canceled or of another currency, or there is not so much credit.',
    remedy: 'See to what `errors` points at, or leave it out and pay otherwise; nothing was taken.',
  },
  payment_method_required: {
    status: 422,
    title: 'Something is left to be paid',
    meaning: 'Gift cards and store credit do not cover all of it, and no other way to pay was named.',
    remedy: 'Send `payment` for the rest.',
  },
});
