import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { type Standing, standingSql } from '../listed-promotion/listed-promotion.sql.js';
import { nextTurnSql } from '../price/price.sql.js';
import { listItemsSql } from '../search/list-items.js';
import type { LocalesSql } from '../translation/translation.sql.js';
import type { IdOrHandle } from './handle.js';

export interface RelatedProducts {
  /** Whether the shop shows the product that they go with. */
  known: boolean;
  /** JSON of the items, without brackets; null when there are none. */
  items: string | null;
  promotions: Standing | null;
  endsAt: Date | null;
}

/** Which products go with which, as somebody has picked them. */
@Injectable()
export class RelatedRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** Those of a product that the shop shows, in their order, as items of a list. */
  async shown(
    { id, handle }: IdOrHandle,
    currency: string,
    now: Date,
    groups: readonly string[],
    locales: readonly string[],
  ): Promise<RelatedProducts> {
    const values: unknown[] = [id, handle, currency, now, groups, this.config.mediaBaseUrl];
    const [row] =
      locales.length === 0
        ? await this.database.look<RelatedProducts>(SHOWN, values)
        : await this.database.look<RelatedProducts>(LOCAL_SHOWN, [...values, locales]);
    return row ?? { known: false, items: null, promotions: null, endsAt: null };
  }

  /** The product goes with these and no others, in this order. */
  async set(productId: string, relatedIds: string[]): Promise<void> {
    await this.database.execute(
      'DELETE FROM catalog.related_products WHERE product_id = $1 AND related_id <> ALL ($2::uuid[])',
      [productId, relatedIds],
    );
    await this.database.execute(SET, [productId, relatedIds]);
  }
}

const ASKING = { currency: '$3::text', now: '$4::timestamptz', groups: '$5::text[]' };
const shownSql = (locales: LocalesSql): string => `
  WITH shown AS MATERIALIZED (
    SELECT id FROM catalog.products WHERE (id = $1::uuid OR handle = $2::text) AND status = 'published'
  ),
  page AS MATERIALIZED (
    SELECT r.related_id AS product_id, row_number() OVER (ORDER BY r.position) AS n
    FROM catalog.related_products r JOIN shown s ON s.id = r.product_id
  )
  SELECT EXISTS (SELECT FROM shown) AS known, (${listItemsSql(ASKING, '20', '$6::text', locales)}) AS items,
    ${standingSql(ASKING.now)} AS promotions, ${nextTurnSql(ASKING.now)} AS "endsAt"`;
const SHOWN = shownSql(null);
const LOCAL_SHOWN = shownSql('$7::text[]');
const SET = `
  INSERT INTO catalog.related_products (product_id, related_id, position)
  SELECT $1, id, n FROM unnest($2::uuid[]) WITH ORDINALITY AS r (id, n)
  ON CONFLICT ON CONSTRAINT related_products_pk DO UPDATE SET position = excluded.position`;
