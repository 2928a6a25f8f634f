import { Breaker } from './breaker.js';

describe('a breaker', () => {
  let now = 0;
  let calls = 0;
  const clock = () => now;
  const work = (fails: boolean) => () => {
    calls++;
    return fails ? Promise.reject(new Error('dead')) : Promise.resolve('fine');
  };

  beforeEach(() => {
    [now, calls] = [0, 0];
  });

  it('asks nobody for a while after three failures, then lets one try', async () => {
    const breaker = new Breaker();
    for (let turn = 0; turn < 5; turn++) expect(await breaker.call(clock, work(true))).toBeNull();
    expect(calls).toBe(3);
    now = 30_000;
    expect(await breaker.call(clock, work(true))).toBeNull();
    expect(await breaker.call(clock, work(false))).toBeNull();
    expect(calls).toBe(4);
    now = 60_000;
    const both = await Promise.all([breaker.call(clock, work(false)), breaker.call(clock, work(false))]);
    expect(both).toEqual(['fine', null]);
    expect(await breaker.call(clock, work(false))).toBe('fine');
    expect(calls).toBe(6);
  });

  it('forgives failures that are not in a row', async () => {
    const breaker = new Breaker();
    for (const fails of [true, true, false, true, true]) await breaker.call(clock, work(fails));
    expect(await breaker.call(clock, work(false))).toBe('fine');
  });
});
