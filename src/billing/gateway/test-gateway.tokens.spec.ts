import { behaviourOf } from './test-gateway.tokens.js';

describe('a token of the test gateway', () => {
  it.each([
    ['ok', { name: 'ok', ms: null, knobs: {} }],
    ['timeout_after:1500', { name: 'timeout_after', ms: 1500, knobs: {} }],
    ['async_ok:200+dup=3+shuffle', { name: 'async_ok', ms: 200, knobs: { dup: 3, shuffle: 300 } }],
    ['ok+delay+drop', { name: 'ok', ms: null, knobs: { delay: 1000, drop: true } }],
    ['ok+dup=-1', { name: 'ok', ms: null, knobs: { dup: 2 } }],
    ['4242', { name: 'unknown_token', ms: null, knobs: {} }],
    ['', { name: 'unknown_token', ms: null, knobs: {} }],
  ])('%s', (token, behaviour) => {
    expect(behaviourOf(token)).toEqual(behaviour);
  });
});
