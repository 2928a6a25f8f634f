import type { FastifyRequest } from 'fastify';
import type { Config } from '../config.js';
import { acceptedLocales, canonicalLocale, chainOf } from './locale.js';
import { Locales } from './locales.js';

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

  it('are known as they were looked up last, in whatever order the answers come', async () => {
    const locales = new Locales({ storeLocale: 'en' } as Config);
    const answers: ((known: string[]) => void)[] = [];
    locales.source(() => new Promise((answer) => answers.push(answer)));
    const looks = [locales.reload(), locales.reload()];
    answers[1]?.(['de', 'fr']);
    answers[0]?.(['de']);
    await Promise.all(looks);
    expect(locales.accepted({ headers: { 'accept-language': 'fr' } } as FastifyRequest)).toBe('fr');
  });
});
