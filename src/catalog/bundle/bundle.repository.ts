import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** A variant on the way into a bundle, locked. */
export interface Candidate {
  id: string;
  productId: string;
  version: number;
  kind: string;
  stockSource: 'own' | 'parts' | 'none';
  /** On sale, or could be: neither retired nor of an archived product. */
  isLiving: boolean;
  /** Some bundle is made of it. */
  isPart: boolean;
}

export interface PartRow {
  variantId: string;
  quantity: number;
}

@Injectable()
export class BundleRepository {
  constructor(private readonly database: Database) {}

  /**
   * Locks these variants and their products, in id order: none of them can be retired, archived or made a bundle of its own
   * until the commit. A statement of its own reads them then.
   */
  async lock(variantIds: string[]): Promise<Candidate[]> {
    await this.database.query(LOCK_PRODUCTS, [variantIds]);
    await this.database.query(LOCK_VARIANTS, [variantIds]);
    return this.database.query<Candidate>(CANDIDATES, [variantIds]);
  }

  /** Makes the variant a bundle of these parts in this order; of none, one that is its own again. */
  async replace(bundleId: string, parts: readonly PartRow[]): Promise<void> {
    await this.database.execute('DELETE FROM catalog.bundle_parts WHERE bundle_id = $1', [bundleId]);
    if (parts.length > 0)
      await this.database.execute(INSERT, [
        bundleId,
        parts.map(({ variantId }) => variantId),
        parts.map(({ quantity }) => quantity),
      ]);
    await this.database.execute(SET_SOURCE, [bundleId, parts.length > 0 ? 'parts' : 'own']);
  }

  async isPart(variantId: string): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(IS_PART, [variantId]);
    return row?.found ?? false;
  }

  /** SKUs of published bundles that name this variant, or a variant of this product; at most ten. */
  async publishedWith(id: { variantId: string } | { productId: string }): Promise<string[]> {
    const [text, value] = 'variantId' in id ? ['b.part_id = $1', id.variantId] : [PART_OF, id.productId];
    const rows = await this.database.query<{ sku: string }>(
      `${PUBLISHED} AND ${text} ORDER BY v.sku LIMIT 10`,
      [value],
    );
    return rows.map(({ sku }) => sku);
  }
}

const LOCK_PRODUCTS = `
  SELECT id FROM catalog.products WHERE id IN (SELECT product_id FROM catalog.variants WHERE id = ANY ($1::uuid[]))
  ORDER BY id FOR NO KEY UPDATE`;
const LOCK_VARIANTS = 'SELECT id FROM catalog.variants WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE';
const CANDIDATES = `
  SELECT v.id, v.product_id AS "productId", v.version, v.kind, v.stock_source AS "stockSource",
    NOT v.retired AND p.status <> 'archived' AS "isLiving",
    EXISTS (SELECT FROM catalog.bundle_parts b WHERE b.part_id = v.id) AS "isPart"
  FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id WHERE v.id = ANY ($1::uuid[])`;
const INSERT = `
  INSERT INTO catalog.bundle_parts (bundle_id, part_id, position, quantity)
  SELECT $1, part_id, n, quantity FROM unnest($2::uuid[], $3::int[]) WITH ORDINALITY AS p (part_id, quantity, n)`;
const SET_SOURCE = 'UPDATE catalog.variants SET stock_source = $2, version = version + 1 WHERE id = $1';
const IS_PART = 'SELECT EXISTS (SELECT FROM catalog.bundle_parts WHERE part_id = $1) AS found';
const PUBLISHED = `
  SELECT v.sku FROM catalog.bundle_parts b JOIN catalog.variants v ON v.id = b.bundle_id
  JOIN catalog.products p ON p.id = v.product_id
  WHERE p.status = 'published' AND NOT v.retired`;
const PART_OF = `b.part_id IN (SELECT id FROM catalog.variants WHERE product_id = $1) AND v.product_id <> $1`;
