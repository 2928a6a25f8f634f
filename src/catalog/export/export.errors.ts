import { defineProblems } from '../../platform/http/problem.js';

export const exportProblems = defineProblems('catalog', {
  export_not_ready: {
    status: 409,
    title: 'The export is not ready',
    meaning: 'There is a file when the export has finished, and as long as it has not expired.',
    remedy:
      'Poll `GET /v1/admin/exports/{id}` until `state` is `finished`; when it is over, start another one.',
  },
  export_over: {
    status: 409,
    title: 'The export is over',
    meaning: 'An export that has finished, failed or been canceled cannot be canceled.',
    remedy: 'Nothing to do. Its file goes by itself when it expires.',
  },
});
