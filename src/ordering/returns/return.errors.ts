import { defineProblems } from '../../platform/http/problem.js';

export const returnProblems = defineProblems('ordering', {
  return_not_possible: {
    status: 422,
    title: 'This cannot be sent back',
    meaning: 'Pieces that were not sent or are asked back already, goods that are final, or too late.',
    remedy: 'See what `errors` points at; ask the shop for what its rule leaves out.',
  },
  order_not_returnable: {
    status: 409,
    title: 'Nothing of the order can be sent back',
    meaning: 'It is not placed, or it was canceled.',
    remedy: 'Read its status.',
  },
  return_decided: {
    status: 409,
    title: 'The return is decided already',
    meaning: 'What was asked for does not go with the state that the return is in.',
    remedy: 'Read the return: its `state`.',
  },
  return_restocked: {
    status: 409,
    title: 'Some of it is for sale again',
    meaning: 'Pieces of the return were put back into the stock, so they are not the buyer’s any more.',
    remedy: 'Settle it by a change of the order with its `returnId`.',
  },
});
