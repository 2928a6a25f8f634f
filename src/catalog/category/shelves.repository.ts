import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** A category that a product stands in, or in one below it. */
export interface Shelf {
  productId: string;
  id: string;
  handle: string;
  title: string;
}

/** All categories of products, published or not, for whoever keeps a copy. */
@Injectable()
export class ShelvesRepository {
  constructor(private readonly database: Database) {}

  find(productIds: readonly string[]): Promise<Shelf[]> {
    return this.database.query<Shelf>(SHELVES, [productIds]);
  }
}

const SHELVES = `
  SELECT DISTINCT pc.product_id AS "productId", a.id, a.handle, a.title
  FROM catalog.product_categories pc
  JOIN catalog.categories c ON c.id = pc.category_id
  JOIN catalog.categories a ON a.id = ANY (c.path)
  WHERE pc.product_id = ANY ($1::uuid[])
  ORDER BY pc.product_id, a.id`;
