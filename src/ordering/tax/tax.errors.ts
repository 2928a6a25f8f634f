import { defineProblems } from '../../platform/http/problem.js';

export const zoneProblems = defineProblems('ordering', {
  zone_conflict: {
    status: 409,
    title: 'Another zone has that name or country',
    meaning: 'Each name is used once, and a country (or a part of one) belongs to one zone of a kind.',
    remedy: 'Take it out of the zone that `errors` names first, or choose another name.',
  },
  default_zone: {
    status: 409,
    title: 'The default tax zone must stay',
    meaning: 'Carts without an address are estimated with the default tax zone.',
    remedy: 'Make another zone the default first.',
  },
  tax_rates_overlap: {
    status: 422,
    title: 'Two rates at once',
    meaning: 'Two rates of one tax class and one jurisdiction hold at the same time.',
    remedy: 'End the one before the other begins, or name their jurisdictions when both are due.',
  },
});
