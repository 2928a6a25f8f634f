import { behaviourOf } from './test-gateway.tokens.js';

const plain = { ms: null, count: null, card: '', knobs: {} };

describe('a token of the test gateway', () => {
  it.each([
    ['ok', { ...plain, name: 'ok' }],
    ['timeout_after:1500', { ...plain, name: 'timeout_after', ms: 1500, count: 1500 }],
    ['dispute:3d', { ...plain, name: 'dispute', ms: 259_200_000, count: 1 }],
    ['recover_after:2+card=b', { ...plain, name: 'recover_after', ms: 2, count: 2, card: 'b' }],
    [
      'async_ok:200+dup=3+shuffle',
      { ...plain, name: 'async_ok', ms: 200, count: 200, knobs: { dup: 3, shuffle: 300 } },
    ],
    ['ok+delay+drop', { ...plain, name: 'ok', knobs: { delay: 1000, drop: 100 } }],
    [
      'ok+drop=30+bad_sig+old_after_new',
      { ...plain, name: 'ok', knobs: { drop: 30, badSig: true, oldAfterNew: true } },
    ],
    ['ok+dup=-1', { ...plain, name: 'ok', knobs: { dup: 2 } }],
    ['4242', { ...plain, name: 'unknown_token' }],
    ['', { ...plain, name: 'unknown_token' }],
  ])('%s', (token, behaviour) => {
    expect(behaviourOf(token)).toEqual(behaviour);
  });
});
