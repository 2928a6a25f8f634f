import { defineProblems } from '../../platform/http/problem.js';

export const downloadProblems = defineProblems('ordering', {
  download_refused: {
    status: 403,
    title: 'It cannot be downloaded any more',
    meaning:
      'The link is too old, the file was downloaded as often or as long as was sold, or the order is not paid, canceled or refunded.',
    remedy: 'Ask GET /v1/orders/{id}/downloads for a new link; `state` says why there is none.',
  },
});
