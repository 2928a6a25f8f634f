import { DataSource } from 'typeorm';
import { CollectionReader } from '../src/catalog/collection/collection.reader.service.js';
import { CollectionRepository } from '../src/catalog/collection/collection.repository.js';
import { ProductPlacesRepository } from '../src/catalog/collection/product-places.repository.js';
import { ListedPromotionRepository } from '../src/catalog/listed-promotion/listed-promotion.repository.js';
import { PromotedPages } from '../src/catalog/listed-promotion/promoted-pages.service.js';
import { ProductQuery } from '../src/catalog/search/product-query.dto.js';
import { ProductSearchRepository } from '../src/catalog/search/product-search.repository.js';
import { ProductSearchService } from '../src/catalog/search/product-search.service.js';
import { SearchIndexRepository } from '../src/catalog/search/search-index.repository.js';
import { Spelling } from '../src/catalog/search/spelling.service.js';
import { SystemClock } from '../src/platform/clock.js';
import { loadConfig } from '../src/platform/config.js';
import { Database } from '../src/platform/database/database.js';
import { connectionOptions } from '../src/platform/database/options.js';
import { Cursors } from '../src/platform/http/page.js';

/** Keeps how PostgreSQL went about the statements of lists and searches, and passes them on. */
class Explaining extends Database {
  readonly plans: string[] = [];

  override async look<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    const rows = await super.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, BUFFERS, SETTINGS) ${text}`,
      values,
    );
    this.plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
    return super.look<R>(text, values);
  }
}

/** The plans of what a list of products asks, its parameters as in a URL. */
export async function explain(databaseUrl: string, dataDir: string, path: string): Promise<string[]> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir });
  const source = await new DataSource(connectionOptions(config)).initialize();
  try {
    const database = new Explaining(source);
    const [clock, cursors] = [new SystemClock(), new Cursors(config)];
    const service = new ProductSearchService(
      new ProductSearchRepository(database, config),
      new CollectionReader(new CollectionRepository(database, config), cursors, clock),
      new Spelling(new SearchIndexRepository(database)),
      new PromotedPages(
        new ListedPromotionRepository(database),
        new ProductPlacesRepository(database, clock),
      ),
      cursors,
      config,
      clock,
    );
    await service.page(queryOf(path), [], []);
    return database.plans;
  } finally {
    await source.destroy();
  }
}

function queryOf(path: string): ProductQuery {
  const query: Record<string, unknown> = {};
  for (const [name, value] of new URL(path, 'http://shop').searchParams) {
    const [, outer, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    if (outer && inner)
      query[outer] = {
        ...(query[outer] as object | undefined),
        [inner]: outer === 'price' ? Number(value) : value,
      };
    else if (name === 'facets' || name === 'inStock') query[name] = value === 'true';
    else if (name === 'limit') query[name] = Number(value);
    else query[name] = ['category', 'brand'].includes(name) ? [value] : value;
  }
  return Object.assign(new ProductQuery(), query);
}
