import { defineProblems } from '../../platform/http/problem.js';

export const paymentLinkProblems = defineProblems('ordering', {
  payment_link_ended: {
    status: 410,
    title: 'The link has ended',
    meaning: 'Its time is over, a newer link has taken its place, or the order came to nothing.',
    remedy: 'Use the newest letter, or ask the shop for another link.',
  },
});
