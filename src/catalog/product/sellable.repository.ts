import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { availabilitySql } from './availability.js';

export interface SellableRow {
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  variantTitle: string;
  options: Record<string, string>;
  amount: string;
  taxClass: string;
  weightGrams: number;
  available: number;
  backorder: boolean;
}

/** Variants as they are sold: one statement, whatever their number. */
@Injectable()
export class SellableRepository {
  constructor(private readonly database: Database) {}

  find(variantIds: string[], currency: string, now: Date): Promise<SellableRow[]> {
    return this.database.look<SellableRow>(SELLABLE, [variantIds, currency, now]);
  }
}

// The array is taken through a sub-select, whose length the planner does not look at: one plan serves every cart.
const SELLABLE = `
  SELECT v.id AS "variantId", p.id AS "productId", v.sku, p.title, v.title AS "variantTitle", v.options,
    v.prices->$2->>'amount' AS amount, p.tax_class AS "taxClass", v.weight_grams AS "weightGrams", s.available, s.backorder
  FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id
  CROSS JOIN LATERAL (${availabilitySql('v.id', '$3')}) s
  WHERE v.id = ANY (ARRAY(SELECT unnest($1::uuid[]))) AND p.status = 'published' AND NOT v.retired AND v.prices ? $2`;
