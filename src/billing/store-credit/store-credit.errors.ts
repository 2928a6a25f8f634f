import { defineProblems } from '../../platform/http/problem.js';

export const storeCreditProblems = defineProblems('billing', {
  store_credit_too_low: {
    status: 409,
    title: 'There is not so much credit',
    meaning: 'A balance does not fall below zero: the customer has less than is to be taken back.',
    remedy: 'Read the credit, and take back at most its balance.',
  },
});
