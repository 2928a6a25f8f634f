import { defineProblems } from '../../platform/http/problem.js';

export const shippingProblems = defineProblems('ordering', {
  pickup_point_taken: {
    status: 409,
    title: 'Another pickup point has that name',
    meaning: 'Each name is used once, so that shoppers can tell the points apart.',
    remedy: 'Choose another name.',
  },
});
