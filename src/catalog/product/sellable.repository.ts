import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { partsSql } from '../bundle/parts.sql.js';
import type { ListedPrice, Price } from '../price/price-rule.js';
import { entriesSql } from '../price/price.sql.js';
import type { VariantKind } from './variant-kind.js';
import type { Size } from './variant-size.js';
import { availabilitySql } from './availability.js';

/** What one piece of a bundle takes of one of its parts, and what is left of that. */
export interface SellablePart {
  variantId: string;
  sku: string;
  title: string;
  quantity: number;
  /** False: there is always enough of it, and nothing to hold. */
  stockTracked: boolean;
  available: number;
  /** Pieces that may be sold now, with those that are not there yet. */
  most: number;
}

/** What a sale of a digital variant gives. */
export interface SellableDownload {
  files: { id: string; name: string; bytes: number }[];
  /** Of each file; null: no limit. */
  limit: number | null;
  days: number | null;
}

export interface SellableRow extends Size {
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  variantTitle: string;
  options: Record<string, string>;
  /** The base price. */
  base: Price | null;
  entries: ListedPrice[];
  taxClass: string;
  weightGrams: number;
  available: number;
  most: number;
  maxPerOrder: number | null;
  maxPerCustomer: number | null;
  stockTracked: boolean;
  kind: VariantKind;
  download: SellableDownload | null;
  /** Null for one that is no bundle. */
  components: SellablePart[] | null;
}

/** JSON has no dates. */
type EntryRow = Omit<ListedPrice, 'validFrom' | 'validUntil'> &
  Record<'validFrom' | 'validUntil', string | null>;
type Row = Omit<SellableRow, 'entries'> & { entries: EntryRow[] | null };

/** Variants as they are sold: one statement, whatever their number. */
@Injectable()
export class SellableRepository {
  constructor(private readonly database: Database) {}

  async find(variantIds: string[], currency: string, now: Date): Promise<SellableRow[]> {
    const rows = await this.database.look<Row>(SELLABLE, [variantIds, currency, now]);
    return rows.map(({ entries, ...row }) => ({ ...row, entries: (entries ?? []).map(toEntry) }));
  }
}

const toEntry = ({ validFrom, validUntil, ...entry }: EntryRow): ListedPrice => ({
  ...entry,
  validFrom: validFrom === null ? null : new Date(validFrom),
  validUntil: validUntil === null ? null : new Date(validUntil),
});

// The array is taken through a sub-select, whose length the planner does not look at: one plan serves every cart.
const SELLABLE = `
  SELECT v.id AS "variantId", p.id AS "productId", v.sku, p.title, v.title AS "variantTitle", v.options,
    v.prices->$2 AS base, ${entriesSql('$2')} AS entries, p.tax_class AS "taxClass", v.weight_grams AS "weightGrams",
    v.length_mm AS "lengthMm", v.width_mm AS "widthMm", v.height_mm AS "heightMm", v.shipping_class AS "shippingClass", s.available, s.most,
    t.max_per_order AS "maxPerOrder", t.max_per_customer AS "maxPerCustomer",
    v.stock_source <> 'none' AS "stockTracked", v.kind,
    CASE v.kind WHEN 'digital' THEN json_build_object('limit', v.download_limit, 'days', v.download_days, 'files', coalesce((
      SELECT json_agg(json_build_object('id', f.id, 'name', f.name, 'bytes', f.bytes) ORDER BY f.id)
      FROM catalog.digital_files f WHERE f.variant_id = v.id AND f.removed_at IS NULL), '[]')) END AS download,
    CASE v.stock_source WHEN 'parts' THEN (SELECT coalesce(json_agg(json_build_object('variantId', t.part_id, 'sku', t.sku,
      'title', CASE WHEN t.variant_title IN ('', t.title) THEN t.title ELSE t.title || ', ' || t.variant_title END,
      'quantity', t.quantity, 'stockTracked', t.counted, 'available', t.available, 'most', t.most)
      ORDER BY t.position), '[]') FROM (${partsSql('v.id', '$3')}) t) END AS components
  FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id
    LEFT JOIN catalog.selling_terms t ON t.variant_id = v.id
  CROSS JOIN LATERAL (${availabilitySql('v.id', '$3')}) s
  WHERE v.id = ANY (ARRAY(SELECT unnest($1::uuid[]))) AND p.status = 'published' AND NOT v.retired
    AND (v.prices ? $2 OR v.offers ? $2)`;
