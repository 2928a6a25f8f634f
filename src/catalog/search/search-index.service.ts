import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { SearchIndexRepository } from './search-index.repository.js';

/** Products per statement: far below the limit of its time. */
const BATCH = 500;

/**
 * What shoppers search in and what their lists show. It is written in the transaction of the product, so a search finds what was saved a
 * moment ago; there is no lag and no job to wait for.
 */
@Injectable()
export class SearchIndex {
  constructor(
    private readonly database: Database,
    private readonly documents: SearchIndexRepository,
  ) {}

  /**
   * Brings the search rows and list items of these products up to date: title, brand, texts, categories, attributes, SKUs, prices
   * and status. Call it in the transaction that changed any of them. Stock is looked up and needs no refresh.
   */
  async refresh(productIds: string[]): Promise<void> {
    if (!this.database.inTransaction)
      throw new Error('the search row belongs to the transaction of the product');
    // In id order: two writers that touch the same products do not wait for each other in a circle.
    if (productIds.length > 0) await this.documents.write([...new Set(productIds)].sort());
  }

  /** The products at and below a category, after it was renamed or moved: documents name all that lies above them. */
  async refreshCategory(categoryId: string): Promise<void> {
    const productIds = await this.documents.productsBelow(categoryId);
    for (let at = 0; at < productIds.length; at += BATCH)
      await this.refresh(productIds.slice(at, at + BATCH));
  }

  /** Counts how frequent words are, which ranking weighs. Old figures rank a little worse and hurt nobody. */
  async countWords(): Promise<void> {
    await this.documents.countWords();
  }
}
