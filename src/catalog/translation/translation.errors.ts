import { defineProblems } from '../../platform/http/problem.js';

export const translationProblems = defineProblems('catalog', {
  odd_translation: {
    status: 422,
    title: 'There is nothing to translate so',
    meaning:
      'The translation names an option, a value or an attribute that there is not, or is in the language of the shop.',
    remedy:
      'Correct what `errors` points at. Texts in the language of the shop are those of the thing itself.',
  },
});
