import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { type Standing, standingSql } from '../listed-promotion/listed-promotion.sql.js';
import { listItemsSql } from '../search/list-items.js';
import type { LocalesSql } from '../translation/translation.sql.js';

/** So many products are kept for a customer. */
export const KEPT = 50;

interface Viewed {
  items: string | null;
  promotions: Standing | null;
}

@Injectable()
export class RecentlyViewedRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** Puts the product first, in one statement: however many come at once, no more than `KEPT` stay. False: not published. */
  async add(customerId: string, productId: string): Promise<boolean> {
    return (await this.database.execute(ADD, [customerId, productId])) === 1;
  }

  async clear(customerId: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.recently_viewed WHERE customer_id = $1', [customerId]);
  }

  /** JSON of the list items without brackets, the last first, null when there are none; and what promotions hold. */
  async items(
    customerId: string,
    asking: { currency: string; now: Date; groups: readonly string[]; locales: readonly string[] },
  ): Promise<Viewed> {
    const { currency, now, groups, locales } = asking;
    const values: unknown[] = [customerId, currency, now, groups, this.config.mediaBaseUrl];
    const [row] =
      locales.length === 0
        ? await this.database.look<Viewed>(ITEMS, values)
        : await this.database.look<Viewed>(LOCAL_ITEMS, [...values, locales]);
    return row ?? { items: null, promotions: null };
  }
}

const ADD = `
  INSERT INTO catalog.recently_viewed AS v (customer_id, product_ids, updated_at)
  SELECT $1, ARRAY[p.id], now() FROM catalog.products p WHERE p.id = $2 AND p.status = 'published'
  ON CONFLICT (customer_id) DO UPDATE SET updated_at = excluded.updated_at,
    product_ids = (excluded.product_ids || array_remove(v.product_ids, excluded.product_ids[1]))[1:${KEPT}]`;
const ASKING = { currency: '$2::text', now: '$3::timestamptz', groups: '$4::text[]' };
const itemsSql = (locales: LocalesSql): string => `
  WITH page AS MATERIALIZED (
    SELECT u.id AS product_id, u.n FROM catalog.recently_viewed v, unnest(v.product_ids) WITH ORDINALITY u (id, n)
    WHERE v.customer_id = $1)
  SELECT (${listItemsSql(ASKING, String(KEPT), '$5::text', locales)}) AS items, ${standingSql(ASKING.now)} AS promotions`;
const ITEMS = itemsSql(null);
const LOCAL_ITEMS = itemsSql('$6::text[]');
