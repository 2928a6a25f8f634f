import TestSequencer from '@jest/test-sequencer';

/** Begun last, one of them would run alone while the other worker has nothing to do; their sizes do not show it. */
const LONG = [
  'start',
  'crash',
  'doors',
  'matrix',
  'races',
  'privacy',
  'openapi',
  'machines',
  'replay',
  'media',
];
const isLong = (path) =>
  path.includes('/test/together/') || LONG.some((name) => path.endsWith(`/test/${name}.e2e-spec.ts`));

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const rank = ({ path }) => (isLong(path) ? 0 : 1);
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
}
