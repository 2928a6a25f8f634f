import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { pictureSql } from '../media/media.json.js';
import type { IdOrHandle } from '../product/handle.js';
import { categoryRefs } from '../product/product.json.js';
import type { CategoryDto } from './category.dto.js';
import { Category } from './category.entity.js';
import {
  FORGET_TEXTS,
  joinTexts,
  type LocalesSql,
  saidSql,
  titleSql,
} from '../translation/translation.sql.js';

/** The tree of categories. It is small: a shop has hundreds, not millions. */
@Injectable()
export class CategoryRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** One writer of the tree at a time: moves look at the whole of it. */
  async lockTree(): Promise<void> {
    await this.database.execute('LOCK TABLE catalog.categories IN SHARE ROW EXCLUSIVE MODE');
  }

  /**
   * The tree as JSON text, parents before their children: all of it, or so many levels of it, or what stands below
   * `parent` (id or handle). Null when there is no such parent.
   */
  async tree(
    parent: IdOrHandle | null,
    depth: number | null,
    locales: readonly string[],
  ): Promise<string | null> {
    const [row] = await this.database.look<{ body: string | null }>(
      locales.length === 0 ? TREE : LOCAL_TREE,
      [
        parent?.id ?? null,
        parent?.handle ?? null,
        depth,
        this.config.mediaBaseUrl,
        ...(locales.length === 0 ? [] : [locales]),
      ],
    );
    return row?.body ?? null;
  }

  /** The page of a category as JSON text; null when there is none. */
  async page({ id, handle }: IdOrHandle, locales: readonly string[] = []): Promise<string | null> {
    const values: unknown[] = [id, handle, this.config.mediaBaseUrl];
    const [row] =
      locales.length === 0
        ? await this.database.look<{ body: string }>(PAGE, values)
        : await this.database.look<{ body: string }>(LOCAL_PAGE, [...values, locales]);
    return row?.body ?? null;
  }

  /** A category as it is shown, in the transaction that changed it. */
  async shown(id: string): Promise<CategoryDto> {
    return JSON.parse((await this.page({ id, handle: null })) ?? 'null') as CategoryDto;
  }

  find(id: string): Promise<Category | null> {
    return this.database.repository(Category).findOneBy({ id });
  }

  childrenOf(id: string): Promise<Category[]> {
    return this.database.repository(Category).findBy({ parentId: id });
  }

  async insert(category: Category): Promise<void> {
    await this.database.repository(Category).insert(category);
  }

  /** The one place that counts the version of a changed category. */
  async save(category: Category): Promise<void> {
    category.version += 1;
    await this.database.repository(Category).save(category);
  }

  /** Everything below a moved category gets the new way from the root; `depth` is how long its own way was before. */
  async moveBranch({ id, path }: Category, depth: number): Promise<void> {
    await this.database.execute(MOVE_BRANCH, [id, depth, path]);
  }

  /** Products of one category come into another, each once, and count as changed. */
  async moveProducts(from: string, to: string): Promise<void> {
    await this.database.execute(LOCK_PRODUCTS, [from]);
    await this.database.execute(MOVE_PRODUCTS, [from, to]);
  }

  /** Null when there is no category of this handle. */
  async idOf(handle: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      'SELECT id FROM catalog.categories WHERE handle = $1',
      [handle],
    );
    return row?.id ?? null;
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.categories WHERE id = $1', [id]);
    await this.database.execute(FORGET_TEXTS, [id]);
  }
}

/**
 * Whoever puts products into categories says so first: a change of the tree then waits for the products and shows
 * them its new names, or they wait for it and read them. Writers of products do not wait for each other.
 */
export const KEEP_TREE = 'LOCK TABLE catalog.categories IN ROW EXCLUSIVE MODE';

/**
 * CTE `filled`: categories that a published product stands in or below, of those that `condition` on a row `c` says.
 * One product is enough: the limit ends the look into each category at the first.
 */
const filled = (condition: string): string => `
  filled AS MATERIALIZED (
    SELECT DISTINCT unnest(c.path) AS id FROM catalog.categories c CROSS JOIN LATERAL (
      SELECT FROM catalog.product_categories pc JOIN catalog.search_documents d ON d.product_id = pc.product_id
      WHERE pc.category_id = c.id LIMIT 1) one
    WHERE ${condition})`;

/** SQL of what the tree says of a row of catalog.categories; `base` is SQL. */
const itemFields = (c: string, base: string, locales: LocalesSql): string => `
  'id', ${c}.id, 'handle', ${c}.handle, 'title', ${titleSql(c, locales)}, 'parentId', ${c}.parent_id, 'position', ${c}.position,
  'hasProducts', ${c}.id IN (SELECT id FROM filled), 'mediaId', ${c}.media_id,
  'media', ${pictureSql(`${c}.media_id`, base)}, 'version', ${c}.version`;

const treeSql = (locales: LocalesSql): string => `
  WITH root AS MATERIALIZED (
    SELECT id, cardinality(path) AS level FROM catalog.categories WHERE id = $1::uuid OR handle = $2::text
  ), ${filled('TRUE')}
  SELECT CASE WHEN $1::uuid IS NULL AND $2::text IS NULL OR EXISTS (SELECT FROM root) THEN
    json_build_object('items', coalesce((
      SELECT json_agg(json_build_object(${itemFields('c', '$4::text', locales)}) ORDER BY cardinality(c.path), c.position, c.title, c.id)
      FROM catalog.categories c LEFT JOIN root ON TRUE
      WHERE (root.id IS NULL OR (root.id = ANY (c.path) AND c.id <> root.id))
        AND cardinality(c.path) - coalesce(root.level, 0) <= coalesce($3::int, 1000000)), '[]'))::text END AS body`;
const TREE = treeSql(null);
const LOCAL_TREE = treeSql('$5::text[]');

const pageSql = (locales: LocalesSql): string => `
  WITH wanted AS MATERIALIZED (
    SELECT * FROM catalog.categories WHERE id = $1::uuid OR handle = $2::text
  ), ${filled('c.path @> ARRAY(SELECT id FROM wanted)')}
  SELECT json_build_object(${itemFields('w', '$3::text', locales)}, 'description', ${saidSql('description', 'w.description', locales)},
    'seoTitle', ${saidSql('seo,title', 'w.seo_title', locales)},
    'seoDescription', ${saidSql('seo,description', 'w.seo_description', locales)},
    'breadcrumbs', ${categoryRefs('w.path', locales)},
    'children', coalesce((
      SELECT json_agg(json_build_object(${itemFields('c', '$3::text', locales)}) ORDER BY c.position, c.title, c.id)
      FROM catalog.categories c WHERE c.parent_id = w.id), '[]'))::text AS body
  FROM wanted w ${joinTexts('w.id', locales)}`;
const PAGE = pageSql(null);
const LOCAL_PAGE = pageSql('$4::text[]');

const MOVE_BRANCH = `
  UPDATE catalog.categories SET path = $3::uuid[] || path[$2 + 1:] WHERE path @> ARRAY[$1]::uuid[] AND id <> $1`;

const LOCK_PRODUCTS = `
  SELECT id FROM catalog.products WHERE id IN (SELECT product_id FROM catalog.product_categories WHERE category_id = $1)
  ORDER BY id FOR NO KEY UPDATE`;
const MOVE_PRODUCTS = `
  WITH moved AS (
    DELETE FROM catalog.product_categories WHERE category_id = $1 RETURNING product_id, position
  ),
  touched AS (
    UPDATE catalog.products SET version = version + 1, updated_at = now() WHERE id IN (SELECT product_id FROM moved)
  )
  INSERT INTO catalog.product_categories (product_id, category_id, position)
  SELECT product_id, $2, position FROM moved
  ON CONFLICT ON CONSTRAINT product_categories_pk DO UPDATE
    SET position = least(product_categories.position, excluded.position)`;
