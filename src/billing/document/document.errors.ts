import { defineProblems } from '../../platform/http/problem.js';

export const documentProblems = defineProblems('billing', {
  no_e_invoice: {
    status: 422,
    title: 'The document cannot be an e-invoice',
    meaning:
      'EN 16931 wants more than there is: a draft has no number, somebody who bought without an address is nowhere. The PDF is there all the same.',
    remedy: 'Take `format=pdf`. `errors` names the rules, with where in the content they are broken.',
  },
});
