import TestSequencer from '@jest/test-sequencer';

/** Small files that take long: begun last, one of them would run alone while the other worker has nothing to do. */
const LONG = ['start', 'crash', 'doors', 'matrix', 'races', 'privacy', 'openapi', 'machines'];

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const rank = ({ path }) => (LONG.some((name) => path.endsWith(`/${name}.e2e-spec.ts`)) ? 0 : 1);
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
}
