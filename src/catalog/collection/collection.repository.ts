import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import { pictureSql } from '../media/media.json.js';
import type { IdOrHandle } from '../product/handle.js';
import { Statement } from '../search/statement.js';
import type { AdminCollectionDto, CollectionMemberDto } from './collection.dto.js';
import { Collection, type CollectionKind } from './collection.entity.js';
import { type Members, membershipSql } from './membership.js';
import type { Rule } from './rule.js';
import { FORGET_TEXTS, joinTexts, type LocalesSql, saidSql } from '../translation/translation.sql.js';

/** A collection that the shop shows now: what lists of its products are made by. */
export interface LiveCollection {
  id: string;
  kind: CollectionKind;
  sort: string;
  rule: Rule | null;
  publishedUntil: Date | null;
}

export interface ShownCollections {
  /** JSON text of each, with its id. */
  rows: { id: string; body: string }[];
  /** When the list changes by itself: the next beginning or end of a window. */
  until: Date | null;
}

/** Matches beyond this many are not counted. */
export const COUNTED = 10_000;
/** Products that a preview shows. */
const PREVIEWED = 24;

@Injectable()
export class CollectionRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** The collection for whoever lists its products; null when the shop does not show it now. */
  async live({ id, handle }: IdOrHandle, now: Date): Promise<LiveCollection | null> {
    const [row] = await this.database.look<LiveCollection>(FIND_LIVE, [id, handle, now]);
    return row ?? null;
  }

  /** The page of a collection as JSON text; null when the shop does not show it now. */
  async page(
    { id, handle }: IdOrHandle,
    now: Date,
    locales: readonly string[],
  ): Promise<{ body: string; until: Date | null } | null> {
    const values: unknown[] = [id, handle, now, this.config.mediaBaseUrl];
    const [row] =
      locales.length === 0
        ? await this.database.look<{ body: string; until: Date | null }>(PAGE, values)
        : await this.database.look<{ body: string; until: Date | null }>(LOCAL_PAGE, [...values, locales]);
    return row ?? null;
  }

  /** Collections that the shop shows now, the newest first. */
  async shown(
    after: string | null,
    limit: number,
    now: Date,
    locales: readonly string[],
  ): Promise<ShownCollections> {
    const values: unknown[] = [after, limit, now, this.config.mediaBaseUrl];
    const [found] =
      locales.length === 0
        ? await this.database.look<ShownCollections>(SHOWN, values)
        : await this.database.look<ShownCollections>(LOCAL_SHOWN, [...values, locales]);
    return { rows: found?.rows ?? [], until: found?.until ?? null };
  }

  async admin(id: string): Promise<AdminCollectionDto | null> {
    const [row] = await this.database.query<{ body: AdminCollectionDto }>(
      `SELECT ${adminJson('$2::text')} AS body FROM catalog.collections c WHERE c.id = $1`,
      [id, this.config.mediaBaseUrl],
    );
    return row?.body ?? null;
  }

  async adminList(
    filter: { status?: string; kind?: string; handle?: string },
    after: string | null,
    limit: number,
  ): Promise<AdminCollectionDto[]> {
    const values: unknown[] = [limit, this.config.mediaBaseUrl];
    const conditions = ['TRUE'];
    if (filter.status !== undefined) conditions.push(`c.status = $${values.push(filter.status)}`);
    if (filter.kind !== undefined) conditions.push(`c.kind = $${values.push(filter.kind)}`);
    if (filter.handle !== undefined) conditions.push(`c.handle = $${values.push(filter.handle)}`);
    if (after !== null) conditions.push(`c.id < $${values.push(after)}`);
    const rows = await this.database.query<{ body: AdminCollectionDto }>(
      `SELECT ${adminJson('$2::text')} AS body FROM catalog.collections c
       WHERE ${conditions.join(' AND ')} ORDER BY c.id DESC LIMIT $1`,
      values,
    );
    return rows.map(({ body }) => body);
  }

  /** The collection, locked for a change. */
  async lock(id: string): Promise<Collection | null> {
    await this.database.execute('SELECT FROM catalog.collections WHERE id = $1 FOR UPDATE', [id]);
    return this.database.repository(Collection).findOneBy({ id });
  }

  async insert(collection: Collection): Promise<void> {
    await this.database.repository(Collection).insert(collection);
  }

  /** The one place that counts the version of a changed collection. */
  async save(collection: Collection, now: Date): Promise<void> {
    Object.assign(collection, { version: collection.version + 1, updatedAt: now });
    await this.database.repository(Collection).save(collection);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.collections WHERE id = $1', [id]);
    await this.database.execute(FORGET_TEXTS, [id]);
  }

  /** Categories by the names, ids or handles, that a rule calls them. */
  async categories(names: string[]): Promise<{ id: string; handle: string }[]> {
    return this.database.query(
      'SELECT id, handle FROM catalog.categories WHERE handle = ANY ($1::text[]) OR id::text = ANY ($1::text[])',
      [names],
    );
  }

  /** Those of these products that there are; archived ones are gone. */
  async knownProducts(ids: string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT id FROM catalog.products WHERE id = ANY ($1::uuid[]) AND status <> 'archived'`,
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Places of the products of a manual collection by their ids, in order. */
  async places(id: string): Promise<Map<string, number>> {
    const rows = await this.database.query<{ productId: string; position: string }>(
      `SELECT product_id AS "productId", position FROM catalog.collection_products WHERE collection_id = $1
       ORDER BY position, product_id`,
      [id],
    );
    return new Map(rows.map(({ productId, position }) => [productId, Number(position)]));
  }

  /** The collection holds these products at these places and no others. */
  async place(id: string, productIds: string[], places: number[]): Promise<void> {
    await this.database.execute(
      'DELETE FROM catalog.collection_products WHERE collection_id = $1 AND product_id <> ALL ($2::uuid[])',
      [id, productIds],
    );
    await this.database.execute(PLACE, [id, productIds, places]);
  }

  /** Products of a collection that are not archived, in its order, each with its place as the key of the next page. */
  async members(
    members: Members,
    after: [place: string, id: string] | null,
    limit: number,
    now: Date,
  ): Promise<(CollectionMemberDto & { place: string })[]> {
    const statement = new Statement();
    const manual = members.rule === null;
    const from = manual
      ? `catalog.collection_products d JOIN catalog.products p ON p.id = d.product_id AND p.status <> 'archived'`
      : 'catalog.search_documents d JOIN catalog.products p ON p.id = d.product_id';
    const conditions = [
      manual
        ? `d.collection_id = ${statement.bind(members.id, 'uuid')}`
        : membershipSql(members, statement, now),
    ];
    if (after !== null)
      conditions.push(
        `(d.position, d.product_id) > (${statement.bind(after[0], 'bigint')}, ${statement.bind(after[1], 'uuid')})`,
      );
    return this.database.query(
      `SELECT p.id, p.handle, p.title, p.status, d.position AS place FROM ${from}
       WHERE ${conditions.join(' AND ')} ORDER BY d.position, d.product_id LIMIT ${statement.bind(limit, 'int')}`,
      statement.values,
    );
  }

  /** How many published products a rule holds for, counted up to one beyond `COUNTED`, and the first of them. */
  async preview(rule: Rule, now: Date): Promise<{ count: number; items: CollectionMemberDto[] }> {
    const statement = new Statement();
    const members = { id: null, rule };
    const condition = membershipSql(members, statement, now);
    const [[counted], items] = await Promise.all([
      this.database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM (
           SELECT FROM catalog.search_documents d WHERE ${condition} LIMIT ${COUNTED + 1}) found`,
        statement.values,
      ),
      this.members(members, null, PREVIEWED, now),
    ]);
    return {
      count: counted?.count ?? 0,
      items: items.map(({ id, handle, title, status }) => ({ id, handle, title, status })),
    };
  }
}

/** Whether the shop shows a row `c` at `now`, which is SQL. */
const live = (now: string): string => `c.status = 'published'
  AND (c.published_from IS NULL OR c.published_from <= ${now}) AND (c.published_until IS NULL OR c.published_until > ${now})`;

const shopFields = (base: string, locales: LocalesSql = null): string => `'id', c.id, 'handle', c.handle,
  'title', ${saidSql('title', 'c.title', locales)}, 'description', ${saidSql('description', 'c.description', locales)}, 'kind', c.kind, 'sort', c.sort, 'media', ${pictureSql('c.media_id', base)}`;

const adminJson = (base: string): string => `json_build_object(${shopFields(base)}, 'mediaId', c.media_id,
  'status', c.status, 'publishedFrom', ${instantSql('c.published_from')},
  'publishedUntil', ${instantSql('c.published_until')}, 'rule', c.rule, 'version', c.version,
  'createdAt', ${instantSql('c.created_at')}, 'updatedAt', ${instantSql('c.updated_at')})`;

const FIND_LIVE = `
  SELECT c.id, c.kind, c.sort, c.rule, c.published_until AS "publishedUntil" FROM catalog.collections c
  WHERE (c.id = $1::uuid OR c.handle = $2::text) AND ${live('$3::timestamptz')}`;

const pageSql = (locales: LocalesSql): string => `
  SELECT json_build_object(${shopFields('$4::text', locales)})::text AS body, c.published_until AS until
  FROM catalog.collections c ${joinTexts('c.id', locales)} WHERE (c.id = $1::uuid OR c.handle = $2::text) AND ${live('$3::timestamptz')}`;

const PAGE = pageSql(null);
const LOCAL_PAGE = pageSql('$5::text[]');

const shownSql = (locales: LocalesSql): string => `
  SELECT (
      SELECT json_agg(json_build_object('id', s.id, 'body', s.body) ORDER BY s.id DESC) FROM (
        SELECT c.id, json_build_object(${shopFields('$4::text', locales)})::text AS body
        FROM catalog.collections c ${joinTexts('c.id', locales)}
        WHERE ${live('$3::timestamptz')} AND ($1::uuid IS NULL OR c.id < $1::uuid) ORDER BY c.id DESC LIMIT $2
      ) s) AS rows,
    (SELECT min(t.at) FROM catalog.collections c, unnest(ARRAY[c.published_from, c.published_until]) t (at)
      WHERE c.status = 'published' AND t.at > $3::timestamptz) AS until`;

const SHOWN = shownSql(null);
const LOCAL_SHOWN = shownSql('$5::text[]');

const PLACE = `
  INSERT INTO catalog.collection_products AS m (collection_id, product_id, position)
  SELECT $1, u.product_id, u.position FROM unnest($2::uuid[], $3::bigint[]) AS u (product_id, position)
  ON CONFLICT ON CONSTRAINT collection_products_pk DO UPDATE SET position = excluded.position
    WHERE m.position <> excluded.position`;
