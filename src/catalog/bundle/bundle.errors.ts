import { defineProblems } from '../../platform/http/problem.js';

export const bundleProblems = defineProblems('catalog', {
  odd_bundle: {
    status: 422,
    title: 'The bundle cannot be made of this',
    meaning:
      'A part is not known, no longer sold, a bundle itself, or no thing that is sent; or the variant is a part of another bundle.',
    remedy: 'Name variants that are sold by themselves and are no bundles: `errors` says which is not.',
  },
  odd_kind: {
    status: 422,
    title: 'It does not fit the kind of the variant',
    meaning: 'Nobody counts gift cards, and only a digital variant has files.',
    remedy: 'Change the `kind` of the variant, or leave out what does not fit it.',
  },
  variant_in_bundle: {
    status: 409,
    title: 'A bundle is made of it',
    meaning: 'A published bundle has this variant among its parts; without it the bundle could not be sold.',
    remedy: 'Change or unpublish the bundles that the answer names first.',
  },
});
