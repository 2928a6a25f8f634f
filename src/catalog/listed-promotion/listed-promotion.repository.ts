import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ListedMode, ListedPromotion, Terms } from './listed-promotion.js';

/** The catalog's copy of the promotions that pages show. */
@Injectable()
export class ListedPromotionRepository {
  constructor(private readonly database: Database) {}

  /** Keeps what was told of a promotion, unless a later version is known; says whether pages may differ now. */
  async keep(id: string, version: number, terms: Terms | null): Promise<boolean> {
    const values = [id, version, terms && JSON.stringify(terms), terms?.startsAt, terms?.endsAt];
    const [kept] = await this.database.query<{ shown: boolean }>(KEEP, values);
    return kept?.shown ?? false;
  }

  /** The same for how they are picked. */
  async keepMode(mode: ListedMode, version: number): Promise<boolean> {
    return (await this.database.execute(KEEP_MODE, [mode, version])) === 1;
  }

  /** What these say now, those left out that are shown no more. */
  async find(ids: readonly string[]): Promise<(ListedPromotion & { version: number })[]> {
    const rows = await this.database.look<{ id: string; version: number; terms: Terms }>(FIND, [ids]);
    return rows.map(({ id, version, terms }) => ({ ...terms, id, version }));
  }
}

// Nothing that was not shown before and is not now makes a difference to anybody.
const KEEP = `
  WITH before AS MATERIALIZED (SELECT terms FROM catalog.listed_promotions WHERE promotion_id = $1),
  kept AS (
    INSERT INTO catalog.listed_promotions AS l (promotion_id, version, terms, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT listed_promotions_pk DO UPDATE
      SET version = excluded.version, terms = excluded.terms, starts_at = excluded.starts_at, ends_at = excluded.ends_at
      WHERE l.version < excluded.version
    RETURNING terms
  )
  SELECT coalesce(kept.terms, before.terms) IS NOT NULL AS shown FROM kept LEFT JOIN before ON true`;
const KEEP_MODE = 'UPDATE catalog.listed_promotion_mode SET mode = $1, version = $2 WHERE version < $2';
const FIND = `
  SELECT promotion_id AS id, version, terms FROM catalog.listed_promotions
  WHERE promotion_id = ANY ($1::uuid[]) AND terms IS NOT NULL`;
