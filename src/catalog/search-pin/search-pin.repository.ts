import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface SearchPin {
  id: string;
  query: string;
  productIds: string[];
  hiddenIds: string[];
  startsAt: Date | null;
  endsAt: Date | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

@Injectable()
export class SearchPinRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  list(after: string | null, limit: number): Promise<SearchPin[]> {
    return this.database.query<SearchPin>(
      `${VIEW} WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
      [after, limit],
    );
  }

  async find(id: string): Promise<SearchPin | null> {
    const [row] = await this.database.query<SearchPin>(`${VIEW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  async lock(id: string): Promise<SearchPin | null> {
    const [row] = await this.database.query<SearchPin>(`${VIEW} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  /** What the query is known by; null when it has no word that a search looks at. */
  async keyOf(query: string): Promise<string | null> {
    const [row] = await this.database.query<{ key: string | null }>(
      `SELECT ${queryKeySql(`unnest(to_tsvector('catalog.shop', $1))`)} AS key`,
      [query],
    );
    return row?.key ?? null;
  }

  /** A unique violation (`search_pins_query_key`) when the query has pins of its own already. */
  async save(pin: SearchPin, key: string): Promise<void> {
    const { id, query, productIds, hiddenIds, startsAt, endsAt, version, createdAt, updatedAt } = pin;
    const values = [id, query, key, productIds, hiddenIds, startsAt, endsAt, version, createdAt, updatedAt];
    await this.database.execute(SAVE, values);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.search_pins WHERE id = $1', [id]);
  }
}

/** SQL of the key of a query from its words (`lexeme`), FROM which they come. */
export const queryKeySql = (words: string): string =>
  `(SELECT string_agg(lexeme, ' ' ORDER BY lexeme COLLATE "C") FROM ${words})`;

const VIEW = `
  SELECT id, query, product_ids AS "productIds", hidden_ids AS "hiddenIds", starts_at AS "startsAt", ends_at AS "endsAt",
    version, created_at AS "createdAt", updated_at AS "updatedAt"
  FROM catalog.search_pins`;

const SAVE = `
  INSERT INTO catalog.search_pins (id, query, query_key, product_ids, hidden_ids, starts_at, ends_at, version, created_at,
    updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (id) DO UPDATE SET query = excluded.query, query_key = excluded.query_key, product_ids = excluded.product_ids,
    hidden_ids = excluded.hidden_ids, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    version = excluded.version, updated_at = excluded.updated_at`;
