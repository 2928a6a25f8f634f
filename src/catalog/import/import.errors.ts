import { defineProblems } from '../../platform/http/problem.js';

export const importProblems = defineProblems('catalog', {
  import_empty: {
    status: 400,
    title: 'The file is empty',
    meaning: 'The body of the request has no content.',
    remedy: 'Send the file itself as the body: `curl --data-binary @products.ndjson`.',
  },
  import_over: {
    status: 409,
    title: 'The import is over',
    meaning: 'An import that has finished, failed or been canceled cannot be canceled.',
    remedy: 'Nothing to do. Products that it made stay until they are changed or archived.',
  },
});
