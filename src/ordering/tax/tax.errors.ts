import { defineProblems } from '../../platform/http/problem.js';

export const zoneProblems = defineProblems('ordering', {
  zone_conflict: {
    status: 409,
    title: 'Another zone has that name or country',
    meaning: 'Each name is used once, and a country belongs to one zone of a kind.',
    remedy: 'Take the country out of the other zone first, or choose another name.',
  },
  default_zone: {
    status: 409,
    title: 'The default tax zone must stay',
    meaning: 'Carts without an address are estimated with the default tax zone.',
    remedy: 'Make another zone the default first.',
  },
});
