import { defineProblems } from '../../platform/http/problem.js';

export const deskProblems = defineProblems('ordering', {
  hold_refused: {
    status: 409,
    title: 'The order cannot be held or released',
    meaning: 'Only a placed order that is not held is held, and only one that is held is released.',
    remedy: 'Read the order: its `status` and `hold`.',
  },
});
