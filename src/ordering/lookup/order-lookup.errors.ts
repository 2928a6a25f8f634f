import { defineProblems } from '../../platform/http/problem.js';

export const lookupProblems = defineProblems('ordering', {
  lookup_refused: {
    status: 422,
    title: 'The code opens nothing',
    meaning: 'It is not the one that was sent, it was tried too often, or it is too old.',
    remedy: 'Look the order up again: POST /v1/orders/lookup sends another code.',
  },
});
