import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ListedPrice, Price } from '../price/price-rule.js';
import { entriesSql } from '../price/price.sql.js';
import { availabilitySql } from './availability.js';

export interface SellableRow {
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
  backorder: boolean;
  preorder: Date | null;
  maxPerOrder: number | null;
  maxPerCustomer: number | null;
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
    v.prices->$2 AS base, ${entriesSql('$2')} AS entries, p.tax_class AS "taxClass", v.weight_grams AS "weightGrams", s.available, s.backorder,
    s.preorder, t.max_per_order AS "maxPerOrder", t.max_per_customer AS "maxPerCustomer"
  FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id
    LEFT JOIN catalog.selling_terms t ON t.variant_id = v.id
  CROSS JOIN LATERAL (${availabilitySql('v.id', '$3')}) s
  WHERE v.id = ANY (ARRAY(SELECT unnest($1::uuid[]))) AND p.status = 'published' AND NOT v.retired
    AND (v.prices ? $2 OR v.offers ? $2)`;
