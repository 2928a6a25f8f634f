import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { loadConfig } from '../src/platform/config.js';
import { SearchIndex } from '../src/catalog/search/search-index.service.js';
import { SearchIndexRepository } from '../src/catalog/search/search-index.repository.js';
import { migrate } from '../src/platform/database/migrate.js';
import { connectionOptions } from '../src/platform/database/options.js';
import { Database } from '../src/platform/database/database.js';
import { madeProducts } from './made-products.js';
import { yardstickFill, yardstickSchema } from './yardstick/schema.js';

/** Search rows written in one statement. */
const BATCH = 1_000;
const MAIN_LOCATION = '00000000-0000-7000-8000-000000000001';

/** Published products with two variants each, a price and a stock that no bench can sell out. */
const FILL = `
  INSERT INTO catalog.products (id, handle, title, description, brand, status, options, attributes, published_at)
    SELECT gen_random_uuid(), handle, title, description, brand, 'published',
           '[{"name": "Size", "values": ["S", "M"]}]', jsonb_build_object('material', material), now()
      FROM made ORDER BY n;
  INSERT INTO catalog.variants (id, product_id, position, sku, title, options, weight_grams, prices)
    SELECT gen_random_uuid(), p.id, size, 'sku-' || made.n || '-' || size, letter, jsonb_build_object('Size', letter), 400,
           jsonb_build_object('EUR', jsonb_build_object('amount', made.amount, 'compareAt', NULL))
      FROM catalog.products p JOIN made USING (handle),
           (VALUES (1, 'S'), (2, 'M')) AS sizes (size, letter);
  INSERT INTO catalog.prices (id, variant_id, currency, amount, valid_from, set_by)
    SELECT gen_random_uuid(), id, 'EUR', (prices #>> '{EUR,amount}')::bigint, now(), 'system' FROM catalog.variants;
  INSERT INTO catalog.stock (id, variant_id, location_id, on_hand)
    SELECT gen_random_uuid(), id, '${MAIN_LOCATION}', 100000000 FROM catalog.variants;
  INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity)
    SELECT gen_random_uuid(), id, 'received', on_hand FROM catalog.stock;
`;

/** Migrates and fills the product's database, through SQL on its own schema. */
export async function seedProduct(databaseUrl: string, dataDir: string, products: number): Promise<void> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir });
  await migrate(config, migrations);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`${madeProducts(products)} ${FILL}`);
  } finally {
    await client.end();
  }
  await fillSearch(databaseUrl, dataDir);
  await analyse(databaseUrl);
}

export async function seedYardstick(databaseUrl: string, products: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`${yardstickSchema} ${madeProducts(products)} ${yardstickFill}`);
  } finally {
    await client.end();
  }
  await analyse(databaseUrl);
}

/** What shoppers search in is written by the product's own code, in batches. */
async function fillSearch(databaseUrl: string, dataDir: string): Promise<void> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir });
  const source = await new DataSource(connectionOptions(config)).initialize();
  try {
    const database = new Database(source);
    const index = new SearchIndex(database, new SearchIndexRepository(database));
    const products = await database.query<{ id: string }>(
      'SELECT id FROM catalog.products ORDER BY position',
    );
    for (let from = 0; from < products.length; from += BATCH) {
      const ids = products.slice(from, from + BATCH).map(({ id }) => id);
      await database.transaction(() => index.refresh(ids));
    }
    await index.countWords();
  } finally {
    await source.destroy();
  }
}

async function analyse(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('VACUUM ANALYZE');
  await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements').catch(() => undefined);
  await client.end();
}
