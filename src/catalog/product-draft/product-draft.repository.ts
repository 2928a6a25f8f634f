import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { UpdateProductDto } from '../product/admin-product.dto.js';

export interface ProductDraft {
  productId: string;
  fields: UpdateProductDto;
  baseVersion: number;
  version: number;
  createdAt: string;
  updatedAt: string;
}

/** Drafts in PostgreSQL, one per product at most. */
@Injectable()
export class ProductDraftRepository {
  constructor(private readonly database: Database) {}

  async find(productId: string): Promise<ProductDraft | null> {
    const [row] = await this.database.query<ProductDraft>(`${VIEW} WHERE product_id = $1`, [productId]);
    return row ?? null;
  }

  async lock(productId: string): Promise<ProductDraft | null> {
    const [row] = await this.database.query<ProductDraft>(`${VIEW} WHERE product_id = $1 FOR UPDATE`, [
      productId,
    ]);
    return row ?? null;
  }

  /** A new draft begins at the present version of the product; one that there is keeps its beginning. */
  async put(productId: string, fields: UpdateProductDto): Promise<void> {
    await this.database.execute(PUT, [productId, JSON.stringify(fields)]);
  }

  async delete(productId: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.product_drafts WHERE product_id = $1', [productId]);
  }
}

const VIEW = `
  SELECT product_id AS "productId", fields, base_version AS "baseVersion", version,
    ${instantSql('created_at')} AS "createdAt", ${instantSql('updated_at')} AS "updatedAt"
  FROM catalog.product_drafts`;
const PUT = `
  INSERT INTO catalog.product_drafts AS d (product_id, fields, base_version)
  SELECT p.id, $2, p.version FROM catalog.products p WHERE p.id = $1
  ON CONFLICT ON CONSTRAINT product_drafts_pk DO UPDATE SET fields = excluded.fields, version = d.version + 1, updated_at = now()`;
