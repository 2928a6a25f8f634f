/** One row of the table: what is driven, how hard, and which share of the yardstick is enough. */
export interface Scenario {
  name: string;
  title: string;
  /** What the driver does over and over. */
  work: 'list' | 'not-modified' | 'detail' | 'search' | 'facets' | 'cart' | 'purchase';
  connections: number;
  /** Whether pages may be kept ready in memory; applies to both sides. */
  memory: boolean;
  /** The share of the yardstick's rate to reach. */
  target: number;
}

export const SCENARIOS: Scenario[] = [
  {
    ...{ name: 'list-memory', title: 'list of 24, ready in memory', work: 'list' },
    ...{ connections: 32, memory: true, target: 0.55 },
  },
  {
    ...{ name: 'not-modified', title: '304 on If-None-Match', work: 'not-modified' },
    ...{ connections: 32, memory: true, target: 0.45 },
  },
  { name: 'cart', title: 'cart with two lines', work: 'cart', connections: 16, memory: true, target: 0.5 },
  {
    ...{ name: 'purchase', title: 'whole purchase, 16 shoppers', work: 'purchase' },
    ...{ connections: 16, memory: true, target: 0.5 },
  },
  {
    ...{ name: 'list-sql', title: 'list of 24, from SQL', work: 'list' },
    ...{ connections: 32, memory: false, target: 0.65 },
  },
  {
    ...{ name: 'detail', title: 'product by handle, from SQL', work: 'detail' },
    ...{ connections: 32, memory: false, target: 0.6 },
  },
  {
    ...{ name: 'search', title: 'search of words, from SQL', work: 'search' },
    ...{ connections: 16, memory: false, target: 0.7 },
  },
  {
    ...{ name: 'facets', title: 'search with facets, from SQL', work: 'facets' },
    ...{ connections: 16, memory: false, target: 0.7 },
  },
];

/** The 99th percentile may be this many times the yardstick's. */
export const P99_TARGET = 2;

export function scenariosNamed(names: string[]): Scenario[] {
  if (names.length === 0) return SCENARIOS;
  return names.map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    if (!found) {
      const known = SCENARIOS.map((scenario) => scenario.name).join(', ');
      throw new Error(`There is no scenario ${name}: use ${known}.`);
    }
    return found;
  });
}
