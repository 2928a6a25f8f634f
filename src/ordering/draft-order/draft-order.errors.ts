import { defineProblems, idMember } from '../../platform/http/problem.js';

export const draftOrderProblems = defineProblems('ordering', {
  draft_order_closed: {
    status: 409,
    members: { orderId: idMember('The order that it became.', true) },
    title: 'The draft is placed already',
    meaning: 'An order was made of it; what is in it stays as it was.',
    remedy: 'Go on with the order named in `orderId`, or write another draft.',
  },
});
