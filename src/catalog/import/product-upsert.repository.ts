import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { KEEP_TREE } from '../category/category.repository.js';
import { Config } from '../../platform/config.js';
import type { Move } from '../stock/crossings.js';
import type { WholeProduct } from './completed-product.js';
import { recordSql } from './product-record.js';

export interface KnownProduct {
  id: string;
  externalId: string | null;
  handle: string;
  status: string;
  productType: string | null;
  version: number;
  /** Of what was last imported for it, and the version that this made; null when it was never imported. */
  digest: string | null;
  digestVersion: number | null;
}

export interface KnownVariant {
  id: string;
  productId: string;
  sku: string;
  isBundle: boolean;
  isPart: boolean;
  prices: Record<string, { amount: number; compareAt: number | null }>;
  stock: Record<string, number>;
  /** By location code: how many must lie there, or may be sold on backorder, for what is promised; below 1: none. */
  promised: Record<string, number>;
}

export interface ProductWrite {
  id: string;
  digest: string;
  product: WholeProduct;
}

/** Somebody else has made a variant with one of the SKUs since they were looked up. */
export class SkuTakenMeanwhile extends Error {}

/** What a variant has at a location; the limit of backorders stands at one location and is 0 at all others. */
export interface StockWrite {
  variantId: string;
  locationId: string;
  /** Null leaves it as it is. */
  onHand: number | null;
  backorderLimit: number;
}

/** The statements of an import: each deals with a whole chunk of products. */
@Injectable()
export class ProductUpsertRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** Products that the chunk may mean, locked in id order; before them the categories that they may come into. */
  async products(ids: string[], externalIds: string[], handles: string[]): Promise<KnownProduct[]> {
    await this.database.execute(KEEP_TREE);
    return this.database.query<KnownProduct>(PRODUCTS, [externalIds, handles, ids]);
  }

  /** What stands in the shop of these products, as a file would bring it. */
  async records(ids: string[]): Promise<Map<string, unknown>> {
    if (ids.length === 0) return new Map();
    const rows = await this.database.query<{ id: string; record: unknown }>(RECORDS, [
      ids,
      this.config.mediaBaseUrl || this.config.publicUrl,
    ]);
    return new Map(rows.map(({ id, record }) => [id, record]));
  }

  /** Those of these uploads that there are; they stay until the commit. */
  async media(ids: string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.database.query<{ id: string }>(MEDIA, [[...new Set(ids)]]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Those of these tax classes that there are, kept from being deleted until the commit. */
  async taxClasses(codes: string[]): Promise<Set<string>> {
    if (codes.length === 0) return new Set();
    const rows = await this.database.query<{ code: string }>(TAX_CLASSES, [[...new Set(codes)]]);
    return new Set(rows.map(({ code }) => code));
  }

  /** Variants with one of these SKUs, with present prices and stock by location code. */
  variants(skus: string[]): Promise<KnownVariant[]> {
    return this.database.query<KnownVariant>(VARIANTS, [skus]);
  }

  /** Ids by code, the first to be asked first. */
  async locations(): Promise<Map<string, string>> {
    const rows = await this.database.query<{ code: string; id: string }>(
      'SELECT code, id FROM catalog.locations ORDER BY priority, code',
    );
    return new Map(rows.map(({ code, id }) => [code, id]));
  }

  /** Makes the categories that are missing, at the root. */
  async ensureCategories(categories: { handle: string; title: string }[]): Promise<void> {
    const rows = [...new Map(categories.map((category) => [category.handle, category])).values()]
      .sort((a, b) => (a.handle < b.handle ? -1 : 1))
      .map((category) => ({ id: newId(), ...category }));
    if (rows.length > 0) await this.database.execute(ENSURE_CATEGORIES, [JSON.stringify(rows)]);
  }

  async insert(writes: ProductWrite[], now: Date): Promise<void> {
    if (writes.length > 0)
      await this.database.execute(INSERT_PRODUCTS, [JSON.stringify(writes.map(flat)), now]);
  }

  async update(writes: ProductWrite[], now: Date): Promise<void> {
    if (writes.length === 0) return;
    await this.database.execute(UPDATE_PRODUCTS, [JSON.stringify(writes.map(flat)), now]);
    await this.database.execute(UNLINK_MEDIA, [writes.map(({ id }) => id)]);
  }

  /** Notes which uploads the products show. */
  private async linkMedia(writes: ProductWrite[]): Promise<void> {
    const links = writes.flatMap(({ id, product }) =>
      product.media.flatMap(({ mediaId }) => (mediaId === undefined ? [] : [{ id, mediaId }])),
    );
    if (links.length > 0) await this.database.execute(LINK_MEDIA, [JSON.stringify(links)]);
  }

  /** Pictures, categories, variants and digests of products that were just written. */
  async equip(writes: ProductWrite[]): Promise<void> {
    await this.linkMedia(writes);
    const categories = writes.flatMap(({ id, product }) =>
      product.categories.map(({ handle }, position) => ({ productId: id, handle, position })),
    );
    const ids = writes.map(({ id }) => id);
    await this.database.execute(SET_CATEGORIES, [ids, JSON.stringify(categories)]);
    const variants = writes.flatMap(({ id, product }) =>
      product.variants.map((variant, position) => ({
        id: newId(),
        productId: id,
        position,
        ...variant,
      })),
    );
    const kept = await this.database.execute(UPSERT_VARIANTS, [JSON.stringify(variants)]);
    if (kept < variants.length) throw new SkuTakenMeanwhile();
    await this.database.execute(REMEMBER, [ids, writes.map(({ digest }) => digest)]);
  }

  /** What goes with products, by handle and in this order, and nothing else; handles that lead nowhere are passed over. */
  async relate(links: { id: string; related: string[] }[]): Promise<void> {
    if (links.length === 0) return;
    await this.database.execute(UNRELATE, [links.map(({ id }) => id)]);
    await this.database.execute(RELATE, [JSON.stringify(links)]);
  }

  /**
   * Brings stock to what the file says, by movements, and the limits of backorders with it. A row that wants
   * less than is promised was rejected; what is promised in this instant leaves as little as possible. Returns what is left
   * of the variants whose stock moved.
   */
  async setStock(writes: StockWrite[], actor: string): Promise<Move[]> {
    if (writes.length === 0) return [];
    const rows = JSON.stringify(writes.map((write) => ({ id: newId(), movementId: newId(), ...write })));
    await this.database.execute(ENSURE_STOCK, [rows]);
    return this.database.query<Move>(SET_STOCK, [rows, actor]);
  }
}

function flat({
  id,
  product: { variants: _variants, categories: _categories, related: _related, ...product },
}: ProductWrite): object {
  return { id, ...product };
}

const TAX_CLASSES = `
  SELECT code FROM catalog.tax_classes WHERE code = ANY ($1::text[]) ORDER BY code FOR KEY SHARE`;
const PRODUCTS = `
  SELECT p.id, p.external_id AS "externalId", p.handle, p.status, p.product_type AS "productType", p.version, encode(d.digest, 'hex') AS digest, d.version AS "digestVersion"
  FROM catalog.products p LEFT JOIN catalog.import_digests d ON d.product_id = p.id
  WHERE p.external_id = ANY ($1::text[]) OR p.handle = ANY ($2::text[]) OR p.id = ANY ($3::uuid[])
  ORDER BY p.id FOR UPDATE OF p`;
const RECORDS = `SELECT p.id, ${recordSql('$2::text')} AS record FROM catalog.products p WHERE p.id = ANY ($1::uuid[])`;
const MEDIA = 'SELECT id FROM catalog.media WHERE id = ANY ($1::uuid[]) ORDER BY id FOR KEY SHARE';
const VARIANTS = `
  SELECT v.id, v.product_id AS "productId", v.sku, v.stock_source = 'parts' AS "isBundle",
    EXISTS (SELECT FROM catalog.bundle_parts b WHERE b.part_id = v.id) AS "isPart", v.prices, coalesce((
    SELECT json_object_agg(l.code, s.on_hand) FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id
    WHERE s.variant_id = v.id), '{}') AS stock, coalesce((
    SELECT json_object_agg(l.code, s.allocated + s.reserved - s.preorder_limit)
    FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id
    WHERE s.variant_id = v.id), '{}') AS promised
  FROM catalog.variants v WHERE v.sku = ANY ($1::text[])`;
const ENSURE_CATEGORIES = `
  INSERT INTO catalog.categories (id, handle, title, path)
  SELECT r.id, r.handle, r.title, ARRAY[r.id] FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, handle text, title text)
  WHERE NOT EXISTS (SELECT FROM catalog.categories c WHERE c.handle = r.handle)
  ON CONFLICT (handle) DO NOTHING`;
const FIELDS = `r (id uuid, "externalId" text, handle text, title text, description text, brand text, status text,
  options json, attributes jsonb, media json, "taxClass" text, "productType" text, seo jsonb,
  metadata jsonb)`;
const INSERT_PRODUCTS = `
  INSERT INTO catalog.products (id, external_id, handle, title, description, brand, status, options, attributes, media,
    tax_class, product_type, seo, metadata, published_at, created_at, updated_at)
  SELECT id, "externalId", handle, title, description, brand, status, options, attributes, media,
    "taxClass", "productType", seo, metadata, CASE status WHEN 'published' THEN $2::timestamptz END, $2, $2
  FROM jsonb_to_recordset($1::jsonb) AS ${FIELDS} ORDER BY id`;
const UNLINK_MEDIA = `
  DELETE FROM catalog.product_media pm WHERE pm.product_id = ANY ($1::uuid[]) AND NOT EXISTS (
    SELECT FROM catalog.products p, json_array_elements(p.media) e
    WHERE p.id = pm.product_id AND e->>'mediaId' = pm.media_id::text)`;
const LINK_MEDIA = `
  INSERT INTO catalog.product_media (product_id, media_id)
  SELECT id, "mediaId" FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, "mediaId" uuid) ON CONFLICT DO NOTHING`;
const UPDATE_PRODUCTS = `
  UPDATE catalog.products p SET external_id = r."externalId", handle = r.handle, title = r.title, description = r.description,
    brand = r.brand, status = r.status, options = r.options, attributes = r.attributes,
    media = r.media, tax_class = r."taxClass", product_type = r."productType", seo = r.seo, metadata = r.metadata,
    published_at = coalesce(p.published_at, CASE r.status WHEN 'published' THEN $2::timestamptz END),
    version = p.version + 1, updated_at = $2
  FROM jsonb_to_recordset($1::jsonb) AS ${FIELDS} WHERE p.id = r.id`;
const SET_CATEGORIES = `
  WITH wanted AS (
    SELECT DISTINCT ON (r."productId", c.id) r."productId" AS product_id, c.id AS category_id, r.position
    FROM jsonb_to_recordset($2::jsonb) AS r ("productId" uuid, handle text, position int)
      JOIN catalog.categories c ON c.handle = r.handle
  ),
  gone AS (
    DELETE FROM catalog.product_categories pc WHERE pc.product_id = ANY ($1::uuid[])
      AND NOT EXISTS (SELECT FROM wanted w WHERE w.product_id = pc.product_id AND w.category_id = pc.category_id)
  )
  INSERT INTO catalog.product_categories (product_id, category_id, position) SELECT * FROM wanted
  ON CONFLICT ON CONSTRAINT product_categories_pk DO UPDATE SET position = excluded.position`;
const UPSERT_VARIANTS = `
  INSERT INTO catalog.variants AS v (id, product_id, position, sku, title, options, barcode, weight_grams, media_id, retired, metadata,
    stock_source, kind, download_limit, download_days, length_mm, width_mm, height_mm, shipping_class, cost_amount, cost_currency)
  SELECT id, "productId", position, sku, title, options, barcode, coalesce("weightGrams", 0), "mediaId", retired, metadata,
    CASE WHEN "stockTracked" THEN 'own' ELSE 'none' END, kind, "downloadLimit", "downloadDays", "lengthMm", "widthMm",
    "heightMm", "shippingClass", (cost->>'amount')::bigint, cost->>'currency'
  FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, "productId" uuid, position int, sku text, title text, options jsonb,
    barcode text, "weightGrams" int, "mediaId" uuid, retired boolean, metadata jsonb,
    "stockTracked" boolean, kind text, "downloadLimit" int, "downloadDays" int, "lengthMm" int, "widthMm" int,
    "heightMm" int, "shippingClass" text, cost jsonb)
  ON CONFLICT ON CONSTRAINT variants_sku_key DO UPDATE SET position = excluded.position, title = excluded.title,
    options = excluded.options, barcode = excluded.barcode, weight_grams = excluded.weight_grams,
    media_id = excluded.media_id, retired = excluded.retired, metadata = excluded.metadata,
    stock_source = CASE v.stock_source WHEN 'parts' THEN 'parts' ELSE excluded.stock_source END, kind = excluded.kind,
    download_limit = excluded.download_limit, download_days = excluded.download_days, length_mm = excluded.length_mm,
    width_mm = excluded.width_mm, height_mm = excluded.height_mm, shipping_class = excluded.shipping_class,
    cost_amount = excluded.cost_amount, cost_currency = excluded.cost_currency, version = v.version + 1
  -- Of another product is a SKU that was taken meanwhile: that variant is not ours to change.
  WHERE v.product_id = excluded.product_id`;
const UNRELATE = 'DELETE FROM catalog.related_products WHERE product_id = ANY ($1::uuid[])';
const RELATE = `
  INSERT INTO catalog.related_products (product_id, related_id, position)
  SELECT r.id, o.id, h.n FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, related jsonb)
    CROSS JOIN LATERAL jsonb_array_elements_text(r.related) WITH ORDINALITY h (handle, n)
    JOIN catalog.products o ON o.handle = h.handle AND o.id <> r.id AND o.status <> 'archived'
    JOIN catalog.products p ON p.id = r.id
  ON CONFLICT ON CONSTRAINT related_products_pk DO UPDATE SET position = excluded.position`;
const REMEMBER = `
  INSERT INTO catalog.import_digests (product_id, digest, version)
  SELECT p.id, decode(r.digest, 'hex'), p.version FROM unnest($1::uuid[], $2::text[]) AS r (id, digest)
    JOIN catalog.products p ON p.id = r.id
  ON CONFLICT ON CONSTRAINT import_digests_pk DO UPDATE SET digest = excluded.digest, version = excluded.version`;
const STOCK_ROWS = `jsonb_to_recordset($1::jsonb) AS r (id uuid, "movementId" uuid, "variantId" uuid, "locationId" uuid,
  "onHand" int, "backorderLimit" int)`;
const ENSURE_STOCK = `
  INSERT INTO catalog.stock (id, variant_id, location_id)
  SELECT r.id, r."variantId", r."locationId" FROM ${STOCK_ROWS}
  WHERE r."onHand" IS NOT NULL OR r."backorderLimit" > 0 ORDER BY r.id
  ON CONFLICT ON CONSTRAINT stock_variant_location_key DO NOTHING`;
// Locked in id order before anything changes, like every other writer of stock.
const SET_STOCK = `
  WITH wishes AS MATERIALIZED (SELECT r.* FROM ${STOCK_ROWS}),
  present AS MATERIALIZED (
    SELECT s.id, s.variant_id, s.location_id, s.on_hand, s.allocated + s.reserved AS promised, s.backorder_limit,
      s.preorder_limit FROM catalog.stock s
    WHERE s.variant_id IN (SELECT "variantId" FROM wishes) ORDER BY s.id FOR UPDATE
  ),
  locked AS MATERIALIZED (
    SELECT p.id, p.variant_id, p.on_hand, p.promised, r."movementId" AS movement_id, p.backorder_limit AS present_limit,
      CASE WHEN r."onHand" IS NULL THEN p.on_hand ELSE greatest(r."onHand", p.promised - p.preorder_limit - r."backorderLimit") END AS wanted,
      CASE WHEN r."onHand" IS NULL THEN greatest(coalesce(r."backorderLimit", 0), p.promised - p.preorder_limit - p.on_hand)
        ELSE r."backorderLimit" END AS backorder_limit
    FROM present p LEFT JOIN wishes r ON r."variantId" = p.variant_id AND r."locationId" = p.location_id
  ),
  written AS (
    INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity, reason, actor)
    SELECT movement_id, id, 'adjusted', wanted - on_hand, 'import', $2 FROM locked WHERE wanted <> on_hand
  ),
  changed AS (
    UPDATE catalog.stock s SET on_hand = l.wanted, backorder_limit = l.backorder_limit FROM locked l
    WHERE s.id = l.id AND (l.wanted <> l.on_hand OR l.backorder_limit <> l.present_limit)
    RETURNING s.variant_id
  )
  SELECT l.variant_id AS "variantId", sum(greatest(l.on_hand - l.promised, 0))::float8 AS before,
    sum(greatest(l.wanted - l.promised, 0))::float8 AS after,
    (SELECT t.low_stock_at FROM catalog.selling_terms t WHERE t.variant_id = l.variant_id) AS "lowStockAt"
  FROM locked l WHERE l.variant_id IN (SELECT variant_id FROM changed) GROUP BY l.variant_id`;
