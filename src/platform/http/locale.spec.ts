import { acceptedLocales, canonicalLocale, chainOf } from './locale.js';

describe('language tags', () => {
  it.each([
    ['de', 'de'],
    ['DE-at', 'de-AT'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['iw', 'he'],
    ['', null],
    ['*', null],
    ['deutsch', null],
    ['de_AT', null],
    ['de-', null],
    ['x-own', null],
    ['de-a', null],
    [`de-${'x'.repeat(40)}`, null],
  ])('%s is %s', (tag, canonical) => {
    expect(canonicalLocale(tag)).toBe(canonical);
  });

  it('fall back part by part', () => {
    expect(chainOf('de')).toEqual(['de']);
    expect(chainOf('zh-Hant-TW')).toEqual(['zh-Hant-TW', 'zh-Hant', 'zh']);
    expect(chainOf('de-AT-u-nu-latn')).toEqual(['de-AT-u-nu-latn', 'de-AT-u-nu', 'de-AT', 'de']);
  });

  it('are preferred by quality, and by place among equals', () => {
    expect(acceptedLocales('fr;q=0.3, de-at, en;q=0.8;x=1, *;q=0.1, es;q=0, nonsense_, it')).toEqual([
      ...['de-AT', 'it', 'en', 'fr', '*'],
    ]);
    expect(acceptedLocales(`${'x'.repeat(10_000)},de`)).toEqual([]);
  });
});
