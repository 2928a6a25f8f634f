import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Counted in a sample of about this many products: enough to tell rare from frequent. */
const SAMPLE = 50_000;

/** How many products have a brand, a category or a value of an attribute. */
@Injectable()
export class FacetCountsRepository {
  constructor(private readonly database: Database) {}

  async count(): Promise<void> {
    const [size] = await this.database.query<{ products: number }>(
      'SELECT count(*)::int AS products FROM catalog.search_documents',
    );
    const share = Math.min(1, SAMPLE / Math.max(size?.products ?? 0, 1));
    await this.database.transaction(async () => {
      // Two processes may count at once; the second waits and counts again, which harms nobody.
      await this.database.execute('LOCK TABLE catalog.facet_counts IN SHARE ROW EXCLUSIVE MODE');
      await this.database.execute('DELETE FROM catalog.facet_counts');
      await this.database.execute(COUNT, [Math.max(share * 100, 0.01), share]);
    });
  }
}

// What only one product of the sample has is as rare as what is not counted at all.
const COUNT = `
  INSERT INTO catalog.facet_counts (facet_id, documents)
  SELECT id, round(count(*) / $2::float8)::int FROM (
    SELECT unnest(facets) AS id FROM catalog.search_documents TABLESAMPLE SYSTEM ($1)) f
  GROUP BY id HAVING count(*) > 1`;
