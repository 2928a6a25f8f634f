import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { Texts, Translatable } from './texts.js';
import type { Subject, TranslationItemDto } from './translation.dto.js';

export interface TranslationRow {
  locale: string;
  texts: Texts;
  version: number;
  updatedAt: string;
}

/** Texts in other languages, in PostgreSQL. */
@Injectable()
export class TranslationRepository {
  constructor(private readonly database: Database) {}

  /** The languages that there are texts in. */
  async locales(): Promise<string[]> {
    const rows = await this.database.query<{ locale: string }>(LOCALES);
    return rows.map(({ locale }) => locale);
  }

  /**
   * What of a thing can be translated by name, beside its texts; null when it does not exist. It stays as it is until
   * the commit, so that nothing is translated that somebody deletes meanwhile.
   */
  async lock(subject: Subject, id: string): Promise<Translatable | null> {
    // Products that come into it or leave it meanwhile would be searched by its old name.
    if (subject === 'category')
      await this.database.execute('LOCK TABLE catalog.categories IN SHARE ROW EXCLUSIVE MODE');
    const [row] = await this.database.query<{ names: [string, string[]][] }>(LOCK[subject], [id]);
    return row ? new Map(row.names) : null;
  }

  async find(subject: Subject, id: string, locale: string): Promise<TranslationRow | null> {
    const [row] = await this.database.query<TranslationRow>(
      `${VIEW} WHERE subject_id = $1 AND locale = $2 AND subject = $3`,
      [id, locale, subject],
    );
    return row ?? null;
  }

  list(
    {
      subject = null,
      subjectId = null,
      locale = null,
    }: Record<'subject' | 'subjectId' | 'locale', string | null>,
    after: [string, string] | null,
    limit: number,
  ): Promise<TranslationItemDto[]> {
    return this.database.query(LIST, [
      subject,
      subjectId,
      locale,
      after?.[0] ?? null,
      after?.[1] ?? null,
      limit,
    ]);
  }

  async put(subject: Subject, id: string, locale: string, texts: Texts): Promise<void> {
    await this.database.execute(PUT, [id, locale, subject, JSON.stringify(texts)]);
  }

  async delete(id: string, locale: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.translations WHERE subject_id = $1 AND locale = $2', [
      id,
      locale,
    ]);
  }

  async isUsed(locale: string): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM catalog.translations WHERE locale = $1 LIMIT 1', [
      locale,
    ]);
    return rows.length > 0;
  }
}

// From one to the next by the index: there are a few languages and many translations.
const LOCALES = `
  WITH RECURSIVE known AS (
    (SELECT locale FROM catalog.translations ORDER BY locale LIMIT 1)
    UNION ALL
    SELECT (SELECT t.locale FROM catalog.translations t WHERE t.locale > k.locale ORDER BY t.locale LIMIT 1)
    FROM known k WHERE k.locale IS NOT NULL
  )
  SELECT locale FROM known WHERE locale IS NOT NULL`;
const LOCK: Record<Subject, string> = {
  product: `
    SELECT coalesce((SELECT json_agg(json_build_array(o->>'name', o->'values')) FROM json_array_elements(options) o), '[]') AS names
    FROM catalog.products WHERE id = $1 AND status <> 'archived' FOR NO KEY UPDATE`,
  category: `SELECT '[]'::json AS names FROM catalog.categories WHERE id = $1 FOR KEY SHARE`,
  collection: `SELECT '[]'::json AS names FROM catalog.collections WHERE id = $1 FOR KEY SHARE`,
  product_type: `
    SELECT coalesce((
      SELECT json_agg(json_build_array(a.code, (SELECT coalesce(json_agg(o->'value'), '[]') FROM jsonb_array_elements(a.options) o)))
      FROM catalog.product_type_attributes a WHERE a.type_id = t.id), '[]') AS names
    FROM catalog.product_types t WHERE t.id = $1 FOR KEY SHARE`,
};
const VIEW = `
  SELECT locale, texts, version, ${instantSql('updated_at')} AS "updatedAt" FROM catalog.translations`;
const LIST = `
  SELECT subject, subject_id AS "subjectId", locale, version, ${instantSql('updated_at')} AS "updatedAt"
  FROM catalog.translations
  WHERE ($1::text IS NULL OR subject = $1) AND ($2::uuid IS NULL OR subject_id = $2) AND ($3::text IS NULL OR locale = $3)
    AND ($4::uuid IS NULL OR (subject_id, locale) > ($4, $5::text))
  ORDER BY subject_id, locale LIMIT $6`;
const PUT = `
  INSERT INTO catalog.translations AS t (subject_id, locale, subject, texts) VALUES ($1, $2, $3, $4)
  ON CONFLICT ON CONSTRAINT translations_pk DO UPDATE SET texts = excluded.texts, version = t.version + 1, updated_at = now()`;
