import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { NO_TERMS, type SellingTerms } from './selling-terms.js';

interface Row extends Omit<SellingTerms, 'preorder'> {
  preorderFrom: Date | null;
  preorderLimit: number | null;
}

@Injectable()
export class SellingTermsRepository {
  constructor(private readonly database: Database) {}

  /** The product of a variant, locked before anything of it changes, as everywhere; null when there is no such variant. */
  async lockProductOf(variantId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(LOCK_PRODUCT_OF, [variantId]);
    return row?.id ?? null;
  }

  /** Null when there is no such variant. */
  async find(variantId: string): Promise<SellingTerms | null> {
    const [row] = await this.database.query<Row | { version: null }>(FIND, [variantId]);
    if (!row) return null;
    if (row.version === null) return NO_TERMS;
    const { preorderFrom, preorderLimit, ...terms } = row as Row;
    const preorder =
      preorderFrom !== null && preorderLimit !== null
        ? { availableFrom: preorderFrom, limit: preorderLimit }
        : null;
    return { ...terms, preorder };
  }

  async save(variantId: string, terms: SellingTerms): Promise<void> {
    await this.database.execute(SAVE, [
      variantId,
      terms.lowStockAt,
      terms.maxPerOrder,
      terms.maxPerCustomer,
      terms.preorder?.availableFrom ?? null,
      terms.preorder?.limit ?? null,
      terms.version,
    ]);
  }
}

const LOCK_PRODUCT_OF = `
  SELECT id FROM catalog.products WHERE id = (SELECT product_id FROM catalog.variants WHERE id = $1) FOR NO KEY UPDATE`;
const FIND = `
  SELECT t.low_stock_at AS "lowStockAt", t.max_per_order AS "maxPerOrder", t.max_per_customer AS "maxPerCustomer",
    t.preorder_from AS "preorderFrom", t.preorder_limit AS "preorderLimit", t.version
  FROM catalog.variants v LEFT JOIN catalog.selling_terms t ON t.variant_id = v.id WHERE v.id = $1`;
const SAVE = `
  INSERT INTO catalog.selling_terms (variant_id, low_stock_at, max_per_order, max_per_customer, preorder_from, preorder_limit, version)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT ON CONSTRAINT selling_terms_pk DO UPDATE SET low_stock_at = excluded.low_stock_at,
    max_per_order = excluded.max_per_order, max_per_customer = excluded.max_per_customer,
    preorder_from = excluded.preorder_from, preorder_limit = excluded.preorder_limit, version = excluded.version`;
