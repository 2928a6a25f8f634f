import pg from 'pg';
import { DataSource } from 'typeorm';
import { SearchIndexRepository } from '../src/catalog/search/search-index.repository.js';
import { SearchIndex } from '../src/catalog/search/search-index.service.js';
import { loadConfig } from '../src/platform/config.js';
import { Database } from '../src/platform/database/database.js';
import { connectionOptions } from '../src/platform/database/options.js';

/** Products per statement of the shop's own writer, and per statement of ours. */
const BATCH = 1_000;
const CHUNK = 100_000;
const MAIN_LOCATION = '00000000-0000-7000-8000-000000000001';
export const CATEGORIES = 200;
export const BRANDS = 300;
/** In three titles of ten: what a search must not be slow for. */
export const FREQUENT = 'sturdy';
/** In one title of a hundred. */
export const SELDOM = 'lacquered';

const MATERIALS = ['oak', 'steel', 'linen', 'copper', 'glass', 'wool', 'pine', 'clay', 'silver', 'bamboo'];
const THINGS = [
  ...['lamp', 'chair', 'desk', 'mug', 'shelf', 'cable', 'phone', 'kettle', 'bag', 'clock', 'radio', 'knife'],
  ...['plate', 'bench', 'mirror', 'carpet', 'basket', 'candle', 'drawer', 'pillow'],
];
const COLOURS = ['red', 'blue', 'green', 'black', 'white', 'yellow', 'brown', 'grey'];
const SYLLABLES = [
  'ba',
  'ke',
  'li',
  'mo',
  'nu',
  'pa',
  're',
  'si',
  'to',
  'vu',
  'wa',
  'ze',
  'dra',
  'fle',
  'gri',
];

const list = (words: string[]): string => `(ARRAY['${words.join("','")}'])`;
const pick = (words: string[], of: string): string => `${list(words)}[1 + (${of}) % ${words.length}]`;
/** Ids in the order of their numbers, as those are that the shop makes. */
const idOf = (kind: number, number: string): string =>
  `('0190000${kind}-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
const productId = (number: string) => idOf(1, number);
const variantId = (number: string, place: string) => idOf(2, `${number} * 4 + ${place}`);

/** A name of three syllables that product \`n\` shares with one of some three thousand: the rare word of its title. */
export const nameOf = (n: number): string =>
  [n * 7, Math.floor(n / 13), Math.floor(n / 171)].map((at) => SYLLABLES[at % SYLLABLES.length]).join('');
const NAME = `${pick(SYLLABLES, 'n * 7')} || ${pick(SYLLABLES, 'n / 13')} || ${pick(SYLLABLES, 'n / 171')}`;

const MADE = `
  SELECT n, h, concat_ws(' ', CASE WHEN h % 10 < 3 THEN '${FREQUENT}' END, CASE WHEN h % 100 = 50 THEN '${SELDOM}' END,
      material, thing, ${NAME}) AS title,
    'Brand ' || h % ${BRANDS} AS brand, material, ${pick(COLOURS, 'h / 7')} AS colour, (h / 3) % 12 AS size,
    'A useful thing of ' || material || ' for every ' || thing || '. ' || repeat('It keeps for many years and is easy to clean. ', 1 + h % 4)
      AS description, 500 + h % 90000 AS amount
  FROM (SELECT n, ((n::bigint * 2654435761) % 1000003)::int AS h FROM generate_series($1::int, $2::int) n) s,
    LATERAL (SELECT ${pick(MATERIALS, 'h / 11')} AS material, ${pick(THINGS, 'h / 5')} AS thing) w`;

/** Sets that come to the rows that the shop itself writes for such products; \`sameAsMade\` holds them against each other. */
const SETS = [
  `INSERT INTO catalog.products (id, handle, title, description, brand, status, options, attributes, published_at)
   SELECT ${productId('n')}, 'p-' || n, title, description, brand, 'published', '[]',
     jsonb_build_object('material', material, 'colour', colour, 'size', size::text), now() FROM (${MADE}) m ORDER BY n`,
  `INSERT INTO catalog.product_categories (product_id, category_id, position)
   SELECT ${productId('n')}, ${idOf(3, `1 + h % ${CATEGORIES}`)}, 1 FROM (${MADE}) m ORDER BY n`,
  `INSERT INTO catalog.variants (id, product_id, position, sku, title, options, prices)
   SELECT ${variantId('n', '0')}, ${productId('n')}, 0, 'S-' || n, title, '{}',
     jsonb_build_object('EUR', jsonb_build_object('amount', amount, 'compareAt', NULL)) FROM (${MADE}) m ORDER BY n`,
  `INSERT INTO catalog.prices (id, variant_id, currency, amount, valid_from, set_by)
   SELECT ${idOf(4, 'n')}, ${variantId('n', '0')}, 'EUR', amount, now(), 'system' FROM (${MADE}) m ORDER BY n`,
  `INSERT INTO catalog.stock (id, variant_id, location_id, on_hand)
   SELECT ${idOf(5, 'n')}, ${variantId('n', '0')}, '${MAIN_LOCATION}', 1 + h % 50 FROM (${MADE}) m ORDER BY n`,
  `INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity)
   SELECT ${idOf(6, 'n')}, ${idOf(5, 'n')}, 'received', 1 + h % 50 FROM (${MADE}) m ORDER BY n`,
];

/** A tree of two levels, a collection of picked products and one by a rule. */
const AROUND = `
  INSERT INTO catalog.categories (id, handle, title, parent_id, path)
    SELECT ${idOf(3, 'c')}, 'c-' || c, 'Department ' || c, CASE WHEN c > 20 THEN ${idOf(3, '1 + c % 20')} END,
      CASE WHEN c > 20 THEN ARRAY[${idOf(3, '1 + c % 20')}, ${idOf(3, 'c')}] ELSE ARRAY[${idOf(3, 'c')}] END
    FROM generate_series(1, ${CATEGORIES}) c;
  INSERT INTO catalog.collections (id, handle, title, description, kind, status, rule, sort, version, created_at, updated_at)
    VALUES (${idOf(7, '1')}, 'picked', 'Picked', '', 'manual', 'published', NULL, 'position', 1, now(), now()),
      (${idOf(7, '2')}, 'ruled', 'Ruled', '', 'rule', 'published',
        '{"all": [{"brand": ["brand 7", "brand 8"]}, {"price": {"currency": "EUR", "lte": 40000}}]}', '-createdAt', 1, now(), now());`;
const PICK = `
  INSERT INTO catalog.collection_products (collection_id, product_id, position)
    SELECT ${idOf(7, '1')}, ${productId('n * 9')}, n * 1000 FROM generate_series(1, 500) n`;

/** Fills an empty catalog with so many made products. */
export async function fillCatalog(
  databaseUrl: string,
  dataDir: string,
  products: number,
  say: (line: string) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const begun = performance.now();
    await work();
    say(`  ${what}: ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  };
  try {
    await client.query(`SET synchronous_commit = off; SET maintenance_work_mem = '512MB'`);
    // Rows that are made to fit need no look at what they point to; without the right to say so it takes longer.
    await client.query('SET session_replication_role = replica').catch(() => undefined);
    await client.query(AROUND);
    await timed(`${products.toLocaleString('en')} products, prices, stock`, async () => {
      for (let from = 1; from <= products; from += CHUNK)
        for (const set of SETS) await client.query(set, [from, Math.min(products, from + CHUNK - 1)]);
      await client.query(PICK);
      await client.query('ANALYZE');
    });
    const { rows } = await client.query<{ name: string; definition: string }>(
      `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
       WHERE schemaname = 'catalog' AND tablename = 'search_documents' AND indexdef LIKE '%USING gin%'`,
    );
    for (const { name } of rows) await client.query(`DROP INDEX catalog.${name}`);
    await timed('search rows and list items, by the writer of the shop', () =>
      write(databaseUrl, dataDir, products),
    );
    await timed('indexes of words, facets and categories', async () => {
      for (const { definition } of rows) await client.query(definition);
    });
    await timed('VACUUM ANALYZE', () => client.query('VACUUM ANALYZE'));
  } finally {
    await client.end();
  }
}

/** What shoppers search in and what lists show is written by the shop's own code, on two connections. */
async function write(databaseUrl: string, dataDir: string, products: number): Promise<void> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir });
  const options = connectionOptions(config);
  const source = await new DataSource({
    ...options,
    extra: {
      ...(options.extra as object),
      options: `${String((options.extra as { options: string }).options)} -c synchronous_commit=off`,
    },
  }).initialize();
  try {
    const database = new Database(source);
    const index = new SearchIndex(database, new SearchIndexRepository(database));
    let next = 1;
    const writer = async (): Promise<void> => {
      while (next <= products) {
        const from = next;
        next += BATCH;
        const ids = await database.query<{ id: string }>(
          `SELECT ${productId('n')} AS id FROM generate_series($1::int, $2::int) n`,
          [from, Math.min(products, from + BATCH - 1)],
        );
        await database.transaction(() => index.refresh(ids.map(({ id }) => id)));
      }
    };
    await Promise.all([writer(), writer()]);
    await index.countWords();
  } finally {
    await source.destroy();
  }
}
