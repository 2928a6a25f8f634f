import { defineProblems } from '../../platform/http/problem.js';

export const accountingProblems = defineProblems('billing', {
  accounts_unmapped: {
    status: 422,
    title: 'Accounts have no number',
    meaning: 'Something was booked on accounts that have no number at the accountant.',
    remedy: 'Give each of `accounts` a number: PUT /v1/admin/ledger/account-mapping.',
    members: {
      accounts: {
        description: 'The accounts without a number.',
        schema: { type: 'array', items: { type: 'string' } },
        example: ['assets:ar'],
      },
    },
  },
});
