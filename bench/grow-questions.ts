import { BRANDS, CATEGORIES, FREQUENT, nameOf, SELDOM } from './grow-catalog.js';

/** One row of the table. */
export interface Question {
  title: string;
  /** The path of the n-th request: each asks for something else. Null: the page after the one before. */
  path: (n: number, products: number) => string;
  /** It goes on with `nextCursor` of the answer before. */
  pages?: boolean;
  /** By how much the p50 may grow, or how many milliseconds it may take. */
  target: { times: number; ms?: number };
}

const SEARCH = { times: 3, ms: 15 };
const LIST = { times: 1.5 };
const q = (words: string, rest = ''): string => `/v1/products?q=${encodeURIComponent(words)}${rest}`;
/** Numbers that jump about, the same in every run. */
const jump = (n: number, below: number): number => 1 + ((n * 7919) % below);
const THINGS = ['lamp', 'chair', 'kettle', 'mirror', 'basket', 'carpet'];
const MATERIALS = ['oak', 'steel', 'linen', 'copper', 'bamboo'];
const COLOURS = ['red', 'blue', 'green', 'black'];
const of = (words: string[], n: number): string => words[n % words.length] ?? '';
/** A letter too many, too few or swapped. */
const mistyped = (word: string, n: number): string =>
  [
    word.slice(0, 2) + word.slice(3),
    word.slice(0, 1) + word,
    `${word.slice(0, -2)}${word.at(-1)}${word.at(-2)}`,
  ][n % 3] ?? '';

export const QUESTIONS: Question[] = [
  { title: 'list, page by page', path: () => '/v1/products?limit=24', pages: true, target: LIST },
  {
    title: 'list, newest first',
    path: () => '/v1/products?limit=24&sort=-createdAt',
    pages: true,
    target: LIST,
  },
  {
    title: 'list by price',
    path: (n) => `/v1/products?limit=24&sort=price&price[gte]=${jump(n, 60_000)}`,
    target: LIST,
  },
  { title: 'product by handle', path: (n, products) => `/v1/products/p-${jump(n, products)}`, target: LIST },
  {
    title: 'category page',
    path: (n) => `/v1/products?limit=24&category=c-${jump(n, CATEGORIES)}`,
    target: LIST,
  },
  {
    title: 'brand page by title',
    path: (n) => `/v1/products?limit=24&sort=title&brand=brand+${jump(n, BRANDS)}`,
    target: LIST,
  },
  {
    title: 'collection, picked',
    path: () => '/v1/products?limit=24&collection=picked',
    pages: true,
    target: LIST,
  },
  {
    title: 'collection by rule',
    path: () => '/v1/products?limit=24&collection=ruled',
    pages: true,
    target: LIST,
  },
  { title: 'search, rare word', path: (n, products) => q(nameOf(jump(n, products))), target: SEARCH },
  { title: 'search, 1 in 100', path: (n) => q(SELDOM, `&limit=${10 + (n % 15)}`), target: SEARCH },
  { title: 'search, 1 in 20', path: (n) => q(of(THINGS, n)), target: SEARCH },
  { title: 'search, 3 in 10', path: (n) => q(FREQUENT, `&limit=${10 + (n % 15)}`), target: SEARCH },
  { title: 'search, two words', path: (n) => q(`${of(MATERIALS, n)} ${of(THINGS, n)}`), target: SEARCH },
  {
    title: 'search, three words',
    path: (n) => q(`${FREQUENT} ${of(MATERIALS, n)} ${of(THINGS, n)}`),
    target: SEARCH,
  },
  {
    title: 'search, two that never meet',
    path: (n) => q(`${of(THINGS, n)} ${of(THINGS, n + 1)}`),
    target: SEARCH,
  },
  { title: 'search, mistyped', path: (n) => q(mistyped(of(THINGS, n), n)), target: SEARCH },
  { title: 'search, by price', path: (n) => q(of(THINGS, n), '&sort=price'), target: SEARCH },
  {
    title: 'search, three filters',
    path: (n) =>
      q(
        of(THINGS, n),
        `&brand=brand+${jump(n, BRANDS)}&attributes[colour]=${of(COLOURS, n)}&attributes[size]=${n % 12}`,
      ),
    target: SEARCH,
  },
  {
    title: 'search, rare word, counts',
    path: (n, products) => q(nameOf(jump(n, products)), '&facets=true'),
    target: SEARCH,
  },
  {
    title: 'search, 3 in 10, counts',
    path: (n) => q(FREQUENT, `&facets=true&limit=${10 + (n % 15)}`),
    target: SEARCH,
  },
  {
    title: 'category page, counts',
    path: (n) => `/v1/products?category=c-${jump(n, CATEGORIES)}&facets=true`,
    target: SEARCH,
  },
  {
    title: 'suggestions, three letters',
    path: (n) => `/v1/products/suggestions?q=${of(THINGS, n).slice(0, 3)}`,
    target: SEARCH,
  },
  {
    title: 'suggestions, second word',
    path: (n) => `/v1/products/suggestions?q=${of(MATERIALS, n)}+${of(THINGS, n).slice(0, 2)}`,
    target: SEARCH,
  },
  {
    title: 'suggestions, mistyped',
    path: (n) => `/v1/products/suggestions?q=${mistyped(of(THINGS, n), n)}`,
    target: SEARCH,
  },
];
