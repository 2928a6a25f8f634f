import { defineProblems, idMember } from '../../platform/http/problem.js';

export const reviewProblems = defineProblems('catalog', {
  already_reviewed: {
    status: 409,
    title: 'You have written about this product',
    meaning: 'A customer writes one review of a product.',
    remedy: 'Change the one that `reviewId` names: PATCH /v1/me/reviews/{id}.',
    members: { reviewId: idMember('The review that you have written.') },
  },
});
