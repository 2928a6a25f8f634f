import { defineProblems } from '../../platform/http/problem.js';

export const collectionProblems = defineProblems('catalog', {
  unknown_product: {
    status: 422,
    title: 'Unknown product',
    meaning: 'There is no product of this id, it is archived, or it cannot stand where it was named.',
    remedy: 'Leave out what `errors` points at.',
  },
  collection_has_rule: {
    status: 409,
    title: 'The collection has a rule',
    meaning: 'Its rule says which products are in it; none can be put in or taken out.',
    remedy: 'Change the rule, or make a manual collection.',
  },
  collection_full: {
    status: 422,
    title: 'The collection is full',
    meaning: 'A manual collection holds at most 1,000 products.',
    remedy: 'Take some out first, or say by a rule what it holds.',
  },
});
