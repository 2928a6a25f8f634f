import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface Synonym {
  id: string;
  words: string[];
  finds: string[] | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

@Injectable()
export class SynonymRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  list(after: string | null, limit: number): Promise<Synonym[]> {
    return this.database.query<Synonym>(
      `${VIEW} WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
      [after, limit],
    );
  }

  async find(id: string): Promise<Synonym | null> {
    const [row] = await this.database.query<Synonym>(`${VIEW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  async lock(id: string): Promise<Synonym | null> {
    const [row] = await this.database.query<Synonym>(`${VIEW} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  async count(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM catalog.search_synonyms',
    );
    return row?.count ?? 0;
  }

  /** The stems of each phrase, in their order, joined by spaces; empty when it has none that a search looks at. */
  async stems(phrases: string[]): Promise<string[]> {
    const rows = await this.database.query<{ stems: string }>(STEMS, [phrases]);
    return rows.map(({ stems }) => stems);
  }

  /** Whether another group compiles to the same: the same words, in any order and form, that find the same. */
  async isThere({ id, words, finds }: Synonym): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(IS_THERE, [id, words, finds]);
    return row?.found ?? false;
  }

  async save(synonym: Synonym): Promise<void> {
    const { id, words, finds, version, createdAt, updatedAt } = synonym;
    await this.database.execute(SAVE, [id, words, finds, version, createdAt, updatedAt]);
    await this.database.execute('DELETE FROM catalog.search_synonym_rules WHERE synonym_id = $1', [id]);
    await this.database.execute(COMPILE, [id, words, finds]);
    await this.database.execute(NAME_WORDS, [[...words, ...(finds ?? [])]]);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.search_synonyms WHERE id = $1', [id]);
  }
}

const VIEW = `
  SELECT id, words, finds, version, created_at AS "createdAt", updated_at AS "updatedAt" FROM catalog.search_synonyms`;

const STEMS = `
  SELECT coalesce((SELECT string_agg(l.lexeme, ' ' ORDER BY l.positions[1], l.lexeme)
    FROM unnest(to_tsvector('catalog.shop', p.phrase)) l), '') AS stems
  FROM unnest($1::text[]) WITH ORDINALITY p (phrase, place) ORDER BY p.place`;

const meant = (phrases: string) => `(
    SELECT array_agg(DISTINCT to_tsvector('catalog.shop', phrase)::text ORDER BY to_tsvector('catalog.shop', phrase)::text)
    FROM unnest(${phrases}) phrase)`;
const IS_THERE = `
  SELECT EXISTS (
    SELECT FROM catalog.search_synonyms s WHERE s.id <> $1
      AND ${meant('s.words')} = ${meant('$2::text[]')}
      AND ${meant('s.finds')} IS NOT DISTINCT FROM ${meant('$3::text[]')}) AS found`;

const SAVE = `
  INSERT INTO catalog.search_synonyms (id, words, finds, version, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (id) DO UPDATE SET words = excluded.words, finds = excluded.finds, version = excluded.version,
    updated_at = excluded.updated_at`;

// Cut like a query, so that it is found in one: the parts of `t-shirt` are a phrase there. Its signs mean nothing here.
// The words of a phrase may stand anywhere in the query; what is found instead of them stands together in the product.
const COMPILE = `
  INSERT INTO catalog.search_synonym_rules (synonym_id, lead, lexemes, target, substitute)
  SELECT $1::uuid, w.lexemes[1], w.lexemes, w.target, f.query
  FROM (
    SELECT DISTINCT tsvector_to_array(to_tsvector('catalog.shop', word)) AS lexemes, websearch_to_tsquery('catalog.shop', plain) AS target
    FROM (SELECT word, regexp_replace(word, '"|(^|\\s)-+|\\yor\\y', ' ', 'gi') AS plain FROM unnest($2::text[]) word) u
  ) w CROSS JOIN LATERAL (
    SELECT string_agg(DISTINCT '(' || phraseto_tsquery('catalog.shop', other)::text || ')', ' | ')::tsquery AS query
    FROM unnest(coalesce($3::text[], $2::text[])) other
    WHERE tsvector_to_array(to_tsvector('catalog.shop', other)) <> w.lexemes
  ) f
  WHERE f.query IS NOT NULL
  ON CONFLICT DO NOTHING`;

/** A word that finds something is no typing error, and may be what one was meant to be. */
const NAME_WORDS = `
  INSERT INTO catalog.search_vocabulary (word)
  SELECT DISTINCT t.lexeme FROM unnest(to_tsvector('catalog.plain', array_to_string($1::text[], ' '))) t
  WHERE t.lexeme ~ '^[[:alpha:]]{3,30}$' ORDER BY t.lexeme
  ON CONFLICT DO NOTHING`;
