import TestSequencer from '@jest/test-sequencer';

/**
 * The longest first; all others after them. Begun last, one of them would run alone while the other worker has nothing to
 * do, and neither their sizes nor, in a fresh clone, their times are known to Jest.
 */
const LONGEST = [
  'together/storms',
  'together/files',
  'together/accounts',
  'together/operations',
  'start',
  'together/orders',
  'together/money',
  'together/again',
  'together/books',
  'together/outside',
  'together/finding',
  'together/people',
  'together/till',
  'together/house',
  'together/shelves',
  'openapi',
  'canary',
];

function rank({ path }) {
  const place = LONGEST.findIndex((name) => path.endsWith(`/test/${name}.e2e-spec.ts`));
  return place === -1 ? LONGEST.length : place;
}

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
}
