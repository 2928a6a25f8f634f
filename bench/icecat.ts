import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { fetch } from 'undici';

/**
 * Real products and real judgements of relevance, for whoever has the files of the Chorus data set at hand:
 *
 *     node dist/bench/icecat.js convert <folder with icecat-products-*.json.gz> > products.ndjson
 *     node dist/bench/icecat.js judge <http://127.0.0.1:3000> <Broad_Query_Set_rated.csv>
 */
interface IcecatProduct {
  id: string;
  name?: string;
  title: string;
  ean?: string[];
  short_description?: string;
  img_high?: string;
  supplier?: string;
  price: number;
  [attribute: string]: unknown;
}

const slug = (words: string) =>
  words
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

/** `attr_t_display_resolution` → `display_resolution`; what is not text becomes text. */
function attributesOf(product: IcecatProduct): Record<string, string> {
  const named = Object.entries(product).flatMap(([key, value]) => {
    const name = /^attr_[tnb]_(.+)$/.exec(key)?.[1];
    if (name === undefined || value === null || value === undefined) return [];
    const word = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value as string | number);
    const trimmed = word.trim().slice(0, 2000);
    return trimmed === '' ? [] : [[name.replace(/_+$/, '').slice(0, 100), trimmed] as const];
  });
  return Object.fromEntries(named.slice(0, 250));
}

function convert(product: IcecatProduct): object {
  const type = product.attr_t_product_type;
  return {
    externalId: product.id,
    // The id at the end, so that a judge who only sees the shop can tell which product it is.
    handle: `${slug(product.title).slice(0, 80).replace(/-+$/, '')}-${product.id}`,
    title: product.title.slice(0, 300),
    description:
      product.short_description
        ?.replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim() || null,
    brand: product.supplier?.slice(0, 120) ?? null,
    status: 'published',
    categories: typeof type === 'string' && slug(type) !== '' ? [{ handle: slug(type), title: type }] : [],
    attributes: attributesOf(product),
    media: product.img_high ? [{ url: product.img_high, alt: product.title.slice(0, 300) }] : [],
    options: [],
    variants: [
      {
        sku: `${(product.name ?? 'part').slice(0, 80)}-${product.id}`,
        title: product.name?.slice(0, 200) ?? null,
        barcode: product.ean?.[0] ?? null,
        prices: [{ amount: product.price, currency: 'USD' }],
        stock: [{ location: 'main', onHand: 10 }],
      },
    ],
  };
}

async function convertAll(folder: string): Promise<void> {
  const files = readdirSync(folder).filter((name) => /^icecat-products-\d+\.json\.gz$/.test(name));
  for (const file of files.sort()) {
    const json = await text(createReadStream(join(folder, file)).pipe(createGunzip()));
    for (const product of JSON.parse(json) as IcecatProduct[]) {
      if (!process.stdout.write(`${JSON.stringify(convert(product))}\n`)) await once(process.stdout, 'drain');
    }
  }
}

type Judgements = Map<string, Map<string, number>>;

function readJudgements(file: string): Judgements {
  const queries: Judgements = new Map();
  for (const line of readFileSync(file, 'utf8').split(/\r?\n/).slice(1)) {
    const [, query, id, rating] = /^"?(.*?)"?,(\w+),(\d)$/.exec(line) ?? [];
    if (query === undefined || id === undefined) continue;
    const ratings = queries.get(query) ?? new Map<string, number>();
    queries.set(query, ratings.set(id, Number(rating)));
  }
  // Without anything relevant there is no ideal order to compare with.
  return new Map([...queries].filter(([, ratings]) => [...ratings.values()].some((rating) => rating > 0)));
}

const gain = (ratings: number[]) =>
  ratings.slice(0, 10).reduce((sum, rating, rank) => sum + (2 ** rating - 1) / Math.log2(rank + 2), 0);

async function judge(shop: string, file: string): Promise<void> {
  const queries = readJudgements(file);
  const times: number[] = [];
  const perQuery: { query: string; ndcg: number; judged: number }[] = [];
  for (const round of ['warm', 'timed'] as const) {
    for (const [query, ratings] of queries) {
      const started = performance.now();
      // The round keeps the page memory of the shop out of it: another URL each time, the same answer.
      const limit = round === 'warm' ? 11 : 10;
      const answer = await fetch(
        `${shop}/v1/products?q=${encodeURIComponent(query)}&currency=USD&limit=${limit}`,
      );
      const page = (await answer.json()) as { items: { handle: string }[] };
      if (!answer.ok) throw new Error(`${query}: ${answer.status} ${JSON.stringify(page)}`);
      if (round === 'warm') continue;
      times.push(performance.now() - started);
      const ids = page.items.map(({ handle }) => handle.split('-').at(-1) ?? '');
      perQuery.push({
        query,
        ndcg: gain(ids.map((id) => ratings.get(id) ?? 0)) / gain([...ratings.values()].sort((a, b) => b - a)),
        judged: ids.filter((id) => ratings.has(id)).length / 10,
      });
    }
  }
  const mean = (of: 'ndcg' | 'judged') => perQuery.reduce((sum, one) => sum + one[of], 0) / perQuery.length;
  times.sort((a, b) => a - b);
  const quantile = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  console.log(`queries ${perQuery.length}`);
  console.log(`nDCG@10 ${mean('ndcg').toFixed(4)}  judged@10 ${mean('judged').toFixed(3)}`);
  console.log(`p50 ${quantile(0.5)} ms  p95 ${quantile(0.95)} ms`);
  const worst = perQuery.sort((a, b) => a.ndcg - b.ndcg).slice(0, 10);
  console.log(`weakest: ${worst.map(({ query, ndcg }) => `${query} ${ndcg.toFixed(2)}`).join(', ')}`);
}

const [, , command, first, second] = process.argv;
if (command === 'convert' && first) await convertAll(first);
else if (command === 'judge' && first && second) await judge(first.replace(/\/$/, ''), second);
else {
  console.error('use: icecat convert <folder> | icecat judge <shop url> <judgements.csv>');
  process.exitCode = 1;
}
