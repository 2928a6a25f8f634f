import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { type Standing, standingSql } from '../listed-promotion/listed-promotion.sql.js';
import { nextTurnSql } from '../price/price.sql.js';
import type { IdOrHandle } from '../product/handle.js';
import { listItemsSql } from '../search/list-items.js';
import { inStockSql } from '../search/search-conditions.js';
import type { LocalesSql } from '../translation/translation.sql.js';
import { similarSql } from './similar.js';

export interface Recommending {
  currency: string;
  groups: readonly string[];
  now: Date;
  limit: number;
  inStock: boolean;
  /** Languages to look for texts in, the best first; none when those of the shop are right. */
  locales: readonly string[];
}

export interface Recommended {
  /** JSON of the items without brackets. */
  items: string | null;
  promotions: Standing | null;
  /** Until then the prices hold; null: until somebody changes one. */
  endsAt: Date | null;
}

@Injectable()
export class RecommendationRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** One round trip; null when there is no such published product. */
  async of({ id, handle }: IdOrHandle, asking: Recommending): Promise<Recommended | null> {
    const { currency, groups, now, limit, inStock, locales } = asking;
    const values: unknown[] = [id ?? handle, limit, inStock, currency, now, groups, this.config.mediaBaseUrl];
    const statements = locales.length === 0 ? OWN : LOCAL;
    if (locales.length > 0) values.push(locales);
    const [row] = await this.database.query<Recommended>(
      id === null ? statements.byHandle : statements.byId,
      values,
    );
    return row ?? null;
  }
}

const ASKING = { currency: '$4::text', now: '$5::timestamptz', groups: '$6::text[]' };
const within = (item: string): string => `'{"product":' || ${item} || ',"reasons":' || page.reasons || '}'`;
const REASONS = `'[' || concat_ws(',',
    CASE WHEN p.orders IS NOT NULL THEN json_build_object('kind', 'bought_together', 'orders', p.orders)::text END,
    CASE WHEN s.shared IS NOT NULL THEN json_build_object('kind', 'similar', 'shared', s.shared)::text END) || ']'`;
/** What was bought together comes first: orders say more than descriptions. */
const recommend = (product: string, locales: LocalesSql): string => `
  WITH subject AS MATERIALIZED (
    SELECT p.id AS product_id FROM catalog.products p WHERE p.status = 'published' AND ${product}
  ),
  pairs AS MATERIALIZED (
    SELECT d.product_id, b.orders, b.score
    FROM subject s JOIN catalog.bought_together b ON b.product_id = s.product_id
      JOIN catalog.search_documents d ON d.product_id = b.other_id
    WHERE NOT $3::boolean OR ${inStockSql(ASKING.now)}
  ),
  ${similarSql('$3::boolean', ASKING.now)},
  page AS MATERIALIZED (
    SELECT coalesce(p.product_id, s.product_id) AS product_id, ${REASONS} AS reasons,
      row_number() OVER (ORDER BY p.score DESC NULLS LAST, s.score DESC NULLS LAST, coalesce(p.product_id, s.product_id)) AS n
    FROM pairs p FULL JOIN alike s ON s.product_id = p.product_id
    ORDER BY n LIMIT $2::int
  )
  SELECT (${listItemsSql(ASKING, '$2::int', '$7::text', locales, within)}) AS items, ${standingSql(ASKING.now)} AS promotions,
    ${nextTurnSql(ASKING.now)} AS "endsAt" FROM subject`;
const statementsIn = (locales: LocalesSql) => ({
  byId: recommend('p.id = $1::uuid', locales),
  byHandle: recommend('p.handle = $1', locales),
});
const OWN = statementsIn(null);
const LOCAL = statementsIn('$8::text[]');
