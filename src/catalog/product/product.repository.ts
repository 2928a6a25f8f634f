import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import { KEEP_TREE } from '../category/category.repository.js';
import { productMediaSql } from '../media/media.json.js';
import { type Standing, standingSql } from '../listed-promotion/listed-promotion.sql.js';
import { nextTurnSql } from '../price/price.sql.js';
import type { AdminProductDto } from './admin-product.dto.js';
import { joinTexts, type LocalesSql } from '../translation/translation.sql.js';
import { productJson, seoSql } from './product.json.js';
import { type Cost, COST_SQL } from './variant-cost.js';
import type { VariantKind } from './variant-kind.js';
import type { Size } from './variant-size.js';
import type { Choices, Option } from './variant-options.js';

export interface ProductRow {
  id: string;
  handle: string;
  externalId: string | null;
  title: string;
  description: string;
  brand: string | null;
  status: string;
  options: Option[];
  attributes: Record<string, unknown>;
  /** `{url, alt}`, or `{mediaId, alt}` of one that was uploaded. */
  media: object[];
  taxClass: string;
  productType: string | null;
  metadata: object;
  seo: object;
  version: number;
}

export interface VariantRow extends Size, Cost {
  id: string;
  productId: string;
  position: number;
  sku: string;
  title: string;
  options: Choices;
  barcode: string | null;
  weightGrams: number;
  mediaId: string | null;
  metadata: object;
  retired: boolean;
  /** Null: it is a bundle, whose parts are counted or not. */
  stockTracked: boolean | null;
  kind: VariantKind;
  downloadLimit: number | null;
  downloadDays: number | null;
  version: number;
}

/** A product as JSON text, what promotions hold, and until when its prices do; null: until somebody changes one. */
export interface ProductPage {
  body: string;
  promotions: Standing | null;
  endsAt: Date | null;
}

/** What staff choose products by. */
export interface ProductFilter {
  status: string | null;
  category: string | null;
  brand: string | null;
  sku: string | null;
  externalId: string | null;
  productType: string | null;
}

export interface AdminFilter extends ProductFilter {
  after: string | null;
  limit: number;
}

/** Products and variants in PostgreSQL. */
@Injectable()
export class ProductRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** The product page as JSON text, by id or handle; null when there is no such published product. */
  async page(
    key: string,
    isId: boolean,
    currency: string,
    now: Date,
    groups: readonly string[],
    locales: readonly string[],
  ): Promise<ProductPage | null> {
    const local = locales.length > 0;
    const text = isId
      ? local
        ? LOCAL_PAGE_BY_ID
        : PAGE_BY_ID
      : local
        ? LOCAL_PAGE_BY_HANDLE
        : PAGE_BY_HANDLE;
    const [row] = await this.database.look<ProductPage>(text, [
      currency,
      key,
      now,
      this.config.mediaBaseUrl,
      groups,
      ...(local ? [locales] : []),
    ]);
    return row ?? null;
  }

  async insert(product: ProductRow): Promise<void> {
    await this.database.execute(INSERT_PRODUCT, [JSON.stringify(product)]);
  }

  /** Notes which uploaded pictures a product has now; they are there, and stay as long as it has them. */
  async linkMedia(productId: string, mediaIds: string[]): Promise<void> {
    await this.database.execute(
      'DELETE FROM catalog.product_media WHERE product_id = $1 AND media_id <> ALL ($2::uuid[])',
      [productId, mediaIds],
    );
    if (mediaIds.length === 0) return;
    await this.database.execute(
      'INSERT INTO catalog.product_media SELECT $1, id FROM unnest($2::uuid[]) AS m (id) ON CONFLICT DO NOTHING',
      [productId, mediaIds],
    );
  }

  async insertVariants(variants: VariantRow[]): Promise<void> {
    await this.database.execute(INSERT_VARIANTS, [JSON.stringify(variants)]);
  }

  /** The product, locked for a change; archived ones are gone. */
  async lock(id: string): Promise<ProductRow | null> {
    const [row] = await this.database.query<ProductRow>(LOCK_PRODUCT, [id]);
    return row ?? null;
  }

  async lockVariant(id: string): Promise<VariantRow | null> {
    // The product first, as everybody does who changes it.
    await this.database.query(LOCK_PRODUCT_OF, [id]);
    const [row] = await this.database.query<VariantRow>(LOCK_VARIANT, [id]);
    return row ?? null;
  }

  /** What the variants of a product that are not retired choose. */
  variantsOnSale(productId: string): Promise<Pick<VariantRow, 'id' | 'options'>[]> {
    return this.database.query(
      'SELECT id, options FROM catalog.variants WHERE product_id = $1 AND NOT retired',
      [productId],
    );
  }

  async update(product: ProductRow): Promise<void> {
    await this.database.execute(UPDATE_PRODUCT, [JSON.stringify(product)]);
  }

  /** Counts a change of what belongs to the product: whoever compares versions must see it. */
  async touch(id: string): Promise<void> {
    await this.database.execute(TOUCH_PRODUCT, [id]);
  }

  async updateVariant(variant: VariantRow): Promise<void> {
    await this.database.execute(UPDATE_VARIANT, [JSON.stringify(variant)]);
  }

  /** Keeps the tree of categories as it is until the commit. Before any product is locked, as those do who change the tree. */
  async keepCategories(): Promise<void> {
    await this.database.execute(KEEP_TREE);
  }

  /** Replaces the categories by handles, which `keepCategories` keeps; returns the handles that do not exist. */
  async setCategories(productId: string, handles: string[]): Promise<string[]> {
    const rows = await this.database.query<{ handle: string }>(UNKNOWN_CATEGORIES, [handles]);
    if (rows.length > 0) return rows.map(({ handle }) => handle);
    await this.database.execute('DELETE FROM catalog.product_categories WHERE product_id = $1', [productId]);
    await this.database.execute(SET_CATEGORIES, [productId, handles]);
    return [];
  }

  async admin(id: string): Promise<AdminProductDto | null> {
    const [row] = await this.database.query<{ body: AdminProductDto }>(
      `SELECT ${adminJson('$2::text')} AS body FROM catalog.products p WHERE p.id = $1`,
      [id, this.config.mediaBaseUrl],
    );
    return row?.body ?? null;
  }

  async adminList(filter: AdminFilter): Promise<AdminProductDto[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const values: unknown[] = [filter.limit, this.config.mediaBaseUrl];
    const conditions = adminConditions(filter, values);
    if (filter.after !== null) conditions.push(`p.id < $${values.push(filter.after)}`);
    const rows = await this.database.query<{ body: AdminProductDto }>(
      `SELECT ${adminJson('$2::text')} AS body FROM catalog.products p WHERE ${conditions.join(' AND ')} ORDER BY p.id DESC LIMIT $1`,
      values,
    );
    return rows.map(({ body }) => body);
  }
}

const ASKING = { currency: '$1::text', now: '$3::timestamptz', groups: '$5::text[]' };
const pageSql = (key: string, locales: LocalesSql): string => `
  SELECT ${productJson(ASKING, '$4::text', locales)}::text AS body, ${standingSql(ASKING.now)} AS promotions,
    ${nextTurnSql(ASKING.now)} AS "endsAt"
  FROM catalog.products p ${joinTexts('p.id', locales)} WHERE p.status = 'published' AND p.${key}`;
const PAGE_BY_ID = pageSql('id = $2::uuid', null);
const PAGE_BY_HANDLE = pageSql('handle = $2', null);
const LOCAL_PAGE_BY_ID = pageSql('id = $2::uuid', '$6::text[]');
const LOCAL_PAGE_BY_HANDLE = pageSql('handle = $2', '$6::text[]');
const PRODUCT_RECORD = `jsonb_to_record($1::jsonb) AS r (id uuid, handle text, "externalId" text, title text, description text,
  brand text, status text, options json, attributes jsonb, media json, "taxClass" text,
  "productType" text, metadata jsonb, seo jsonb)`;
const INSERT_PRODUCT = `
  INSERT INTO catalog.products (id, handle, external_id, title, description, brand, status, options, attributes, media,
    tax_class, product_type, metadata, seo, published_at)
  SELECT id, handle, "externalId", title, description, brand, status, options, attributes, media, "taxClass", "productType",
    metadata, seo, CASE WHEN status = 'published' THEN now() END
  FROM ${PRODUCT_RECORD}`;
const INSERT_VARIANTS = `
  INSERT INTO catalog.variants (id, product_id, position, sku, title, options, barcode, weight_grams, media_id, metadata,
    stock_source, kind, download_limit, download_days, length_mm, width_mm, height_mm, shipping_class, cost_amount, cost_currency)
  SELECT id, "productId", position, sku, title, options, barcode, "weightGrams", "mediaId", metadata,
    CASE WHEN "stockTracked" THEN 'own' ELSE 'none' END, kind, "downloadLimit", "downloadDays", "lengthMm", "widthMm",
    "heightMm", "shippingClass", (cost->>'amount')::bigint, cost->>'currency'
  FROM jsonb_to_recordset($1::jsonb) AS r (
    id uuid, "productId" uuid, position int, sku text, title text, options jsonb, barcode text, "weightGrams" int,
    "mediaId" uuid, metadata jsonb, "stockTracked" boolean, kind text, "downloadLimit" int, "downloadDays" int,
    "lengthMm" int, "widthMm" int, "heightMm" int, "shippingClass" text, cost jsonb)`;
const LOCK_PRODUCT = `
  SELECT id, handle, external_id AS "externalId", title, description, brand, status, options, attributes, media,
    tax_class AS "taxClass", product_type AS "productType", metadata, seo, version
  FROM catalog.products WHERE id = $1 AND status <> 'archived' FOR UPDATE`;
const LOCK_PRODUCT_OF = `
  SELECT id FROM catalog.products WHERE id = (SELECT product_id FROM catalog.variants WHERE id = $1) FOR NO KEY UPDATE`;
const LOCK_VARIANT = `
  SELECT id, product_id AS "productId", position, sku, title, options, barcode, weight_grams AS "weightGrams",
    media_id AS "mediaId", metadata, retired,
    CASE stock_source WHEN 'own' THEN true WHEN 'none' THEN false END AS "stockTracked", kind,
    download_limit AS "downloadLimit", download_days AS "downloadDays", length_mm AS "lengthMm", width_mm AS "widthMm",
    height_mm AS "heightMm", shipping_class AS "shippingClass", ${COST_SQL} AS cost, version
  FROM catalog.variants v WHERE id = $1 FOR UPDATE`;
const UPDATE_PRODUCT = `
  UPDATE catalog.products p SET handle = r.handle, external_id = r."externalId", title = r.title, description = r.description,
    brand = r.brand, status = r.status, options = r.options, attributes = r.attributes, media = r.media,
    tax_class = r."taxClass", product_type = r."productType", metadata = r.metadata, seo = r.seo, version = p.version + 1, updated_at = now(),
    published_at = CASE WHEN r.status = 'published' THEN coalesce(p.published_at, now()) ELSE p.published_at END
  FROM ${PRODUCT_RECORD} WHERE p.id = r.id`;
const TOUCH_PRODUCT = 'UPDATE catalog.products SET version = version + 1, updated_at = now() WHERE id = $1';
const UPDATE_VARIANT = `
  UPDATE catalog.variants v SET sku = r.sku, title = r.title, options = r.options, barcode = r.barcode,
    weight_grams = r."weightGrams", media_id = r."mediaId", metadata = r.metadata, retired = r.retired,
    stock_source = CASE r."stockTracked" WHEN true THEN 'own' WHEN false THEN 'none' ELSE v.stock_source END, kind = r.kind,
    download_limit = r."downloadLimit", download_days = r."downloadDays", length_mm = r."lengthMm", width_mm = r."widthMm",
    height_mm = r."heightMm", shipping_class = r."shippingClass", cost_amount = (r.cost->>'amount')::bigint,
    cost_currency = r.cost->>'currency', version = v.version + 1
  FROM jsonb_to_record($1::jsonb) AS r (id uuid, sku text, title text, options jsonb, barcode text, "weightGrams" int, "mediaId" uuid,
    metadata jsonb, retired boolean, "stockTracked" boolean, kind text, "downloadLimit" int, "downloadDays" int,
    "lengthMm" int, "widthMm" int, "heightMm" int, "shippingClass" text, cost jsonb)
  WHERE v.id = r.id`;
const UNKNOWN_CATEGORIES = `
  SELECT h.handle FROM unnest($1::text[]) AS h (handle)
  WHERE NOT EXISTS (SELECT FROM catalog.categories c WHERE c.handle = h.handle)`;
const SET_CATEGORIES = `
  INSERT INTO catalog.product_categories (product_id, category_id, position)
  SELECT $1, c.id, min(h.n)::int FROM unnest($2::text[]) WITH ORDINALITY AS h (handle, n)
  JOIN catalog.categories c ON c.handle = h.handle GROUP BY c.id`;
const RELATED = `coalesce((
      SELECT json_agg(json_build_object('id', o.id, 'handle', o.handle, 'title', o.title, 'status', o.status) ORDER BY r.position)
      FROM catalog.related_products r JOIN catalog.products o ON o.id = r.related_id
      WHERE r.product_id = p.id AND o.status <> 'archived'), '[]')`;
const adminJson = (mediaBase: string): string => `
  json_build_object('id', p.id, 'handle', p.handle, 'externalId', p.external_id, 'title', p.title,
    'description', p.description, 'brand', p.brand, 'status', p.status, 'taxClass', p.tax_class, 'productType', p.product_type,
    'metadata', p.metadata, 'seo', ${seoSql(null)}, 'related', ${RELATED},
    'options', p.options, 'attributes', p.attributes, 'media', ${productMediaSql(mediaBase, 'staff')},
    'version', p.version,
    'createdAt', ${instantSql('p.created_at')}, 'updatedAt', ${instantSql('p.updated_at')},
    'categories', coalesce((SELECT json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title) ORDER BY pc.position)
      FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id WHERE pc.product_id = p.id), '[]'),
    'variants', coalesce((SELECT json_agg(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options,
      'barcode', v.barcode, 'weightGrams', v.weight_grams, 'lengthMm', v.length_mm, 'widthMm', v.width_mm,
      'heightMm', v.height_mm, 'shippingClass', v.shipping_class, 'cost', ${COST_SQL}, 'mediaId', v.media_id, 'metadata', v.metadata, 'retired', v.retired, 'version', v.version,
      'backorderLimit', (SELECT coalesce(sum(backorder_limit), 0)::int FROM catalog.stock WHERE variant_id = v.id),
      'prices', coalesce((SELECT json_agg(json_build_object('amount', e.value->'amount', 'currency', e.key, 'compareAt', e.value->'compareAt') ORDER BY e.key)
        FROM jsonb_each(v.prices) e), '[]'),
      'kind', v.kind, 'downloadLimit', v.download_limit, 'downloadDays', v.download_days,
      'stockTracked', v.stock_source <> 'none', 'components', coalesce((
        SELECT json_agg(json_build_object('variantId', b.part_id, 'quantity', b.quantity, 'sku', pv.sku, 'title', pp.title, 'variantTitle', pv.title)
          ORDER BY b.position)
        FROM catalog.bundle_parts b JOIN catalog.variants pv ON pv.id = b.part_id JOIN catalog.products pp ON pp.id = pv.product_id
        WHERE b.bundle_id = v.id), '[]'),
      'stock', coalesce((SELECT json_agg(json_build_object('location', l.code, 'onHand', s.on_hand) ORDER BY l.priority, l.code)
        FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id WHERE s.variant_id = v.id), '[]')
      ) ORDER BY v.position, v.id) FROM catalog.variants v WHERE v.product_id = p.id), '[]'))`;
const ADMIN_FILTERS: [keyof ProductFilter, (value: string) => string][] = [
  ['status', (value) => `p.status = ${value}`],
  [
    'category',
    (
      value,
    ) => `EXISTS (SELECT FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
      WHERE pc.product_id = p.id AND (SELECT id FROM catalog.categories WHERE handle = ${value}) = ANY (c.path))`,
  ],
  ['brand', (value) => `p.brand = ${value}`],
  ['sku', (value) => `p.id = (SELECT product_id FROM catalog.variants WHERE sku = ${value})`],
  ['externalId', (value) => `p.external_id = ${value}`],
  ['productType', (value) => `p.product_type = ${value}`],
];

/** SQL conditions on a row `p` of catalog.products; what they compare with is added to `values`. */
export function adminConditions(filter: ProductFilter, values: unknown[]): string[] {
  const conditions = ADMIN_FILTERS.flatMap(([field, condition]) =>
    filter[field] === null ? [] : [condition(`$${values.push(filter[field])}`)],
  );
  return filter.status === null ? [...conditions, "p.status <> 'archived'"] : conditions;
}
