import { defineProblems } from '../../platform/http/problem.js';

export const reconciliationProblems = defineProblems('billing', {
  case_resolved: {
    status: 409,
    title: 'The case is resolved',
    meaning: 'Somebody has decided about it, or it has settled by itself.',
    remedy: 'Read the case.',
  },
  no_gateway: {
    status: 409,
    title: 'There is no gateway',
    meaning: 'This process has no gateway that could tell of its account.',
    remedy: 'Set STRIPE_API_KEY or TEST_GATEWAY_URL.',
  },
});
