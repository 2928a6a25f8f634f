import { defineProblems, idMember } from '../../platform/http/problem.js';

export const promotionProblems = defineProblems('ordering', {
  promotion_used_up: {
    status: 409,
    members: {
      promotionId: idMember('The promotion that nothing is left of.'),
      promotionCode: {
        description: 'The code of the cart that it was applied through; null: it applies by itself.',
        schema: { type: ['string', 'null'] },
        example: 'SUMMER10',
      },
    },
    title: 'The promotion is used up',
    meaning: 'Somebody was quicker: nothing is left of a promotion that the total counts on.',
    remedy:
      'Read the cart again, show the shopper the new total, and check out with it as `expectedTotal` (or without the code).',
  },
  promotion_code_taken: {
    status: 409,
    title: 'The code is taken',
    meaning: 'A code belongs to one promotion, whatever its case, also when it is disabled.',
    remedy: 'Choose another code.',
  },
  promotion_without_codes: {
    status: 409,
    title: 'The promotion takes no codes',
    meaning: 'It applies to every cart by itself, so a code of it would mean nothing.',
    remedy: 'Make a promotion with the trigger `code`.',
  },
});
