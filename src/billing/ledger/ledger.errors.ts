import { defineProblems } from '../../platform/http/problem.js';

const period = (description: string) => ({
  description,
  schema: { type: ['string', 'null'] },
  example: '2026-10',
});

export const ledgerProblems = defineProblems('billing', {
  account_not_found: {
    status: 404,
    title: 'There is no such account',
    meaning: 'The chart of accounts has none of this code.',
    remedy: 'Take one of GET /v1/admin/ledger/accounts.',
  },
  period_not_over: {
    status: 409,
    title: 'The month is not over',
    meaning: 'Only a month that is over in the time zone of the seller can be closed.',
    remedy: 'Close it on the first day of the next one or later.',
  },
  period_out_of_order: {
    status: 409,
    title: 'Another month comes first',
    meaning: 'Months are closed one after the other, from the first in which something was booked.',
    remedy: 'Close `nextPeriod` first.',
    members: { nextPeriod: period('The month to be closed next; null while nothing was booked.') },
  },
  period_unbalanced: {
    status: 409,
    title: 'The books do not balance',
    meaning: 'Debits and credits up to the end of the month differ, which only happens past the books.',
    remedy: 'Find what was changed: GET /v1/admin/ledger/integrity.',
  },
});
