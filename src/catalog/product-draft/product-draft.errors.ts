import { defineProblems } from '../../platform/http/problem.js';

export const productDraftProblems = defineProblems('catalog', {
  draft_outdated: {
    status: 409,
    title: 'The product has changed since the draft began',
    meaning: 'Somebody changed the product after the draft was begun; publishing it could undo that.',
    remedy:
      'Look at `before` and `after` of the draft, then publish with `If-Match` of the product or with `force`.',
  },
});
