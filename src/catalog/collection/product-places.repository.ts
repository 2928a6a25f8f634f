import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Statement } from '../search/statement.js';
import { type Members, membershipSql } from './membership.js';
import type { Rule } from './rule.js';

/** Categories and collections, of those that were asked about, that a product is in; a category holds what those below it hold. */
export interface ProductPlaces {
  productId: string;
  categories: string[];
  collections: string[];
}

/** Where products stand, for whoever sells them by that. */
@Injectable()
export class ProductPlacesRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Published products alone; one statement, and one more when collections are asked about. */
  async find(
    productIds: readonly string[],
    categories: readonly string[],
    collections: readonly string[],
  ): Promise<ProductPlaces[]> {
    const members = await this.members(collections);
    const statement = new Statement();
    const products = statement.bind(productIds, 'uuid[]');
    const asked = statement.bind(categories, 'uuid[]');
    const now = this.clock.now();
    const held = members.map(
      (one) => `CASE WHEN ${membershipSql(one, statement, now)} THEN ${statement.bind(one.id, 'uuid')} END`,
    );
    return this.database.query<ProductPlaces>(
      `SELECT d.product_id AS "productId",
         ARRAY(SELECT c FROM unnest(d.categories) c WHERE c = ANY (${asked})) AS categories,
         array_remove(ARRAY[${held.join(', ')}]::uuid[], NULL) AS collections
       FROM catalog.search_documents d WHERE d.product_id = ANY (${products})`,
      statement.values,
    );
  }

  private members(ids: readonly string[]): Promise<Members[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.database.query<{ id: string; rule: null } | { id: string; rule: Rule }>(
      'SELECT id, rule FROM catalog.collections WHERE id = ANY ($1::uuid[]) ORDER BY id',
      [ids],
    );
  }
}
