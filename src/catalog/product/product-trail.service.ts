import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ProductChanged } from '../catalog.events.js';
import { SearchIndex } from '../search/search-index.service.js';
import type { AdminProductDto } from './admin-product.dto.js';
import { ProductRepository } from './product.repository.js';

/** What follows from a change of a product, whichever it was. */
@Injectable()
export class ProductTrail {
  constructor(
    private readonly database: Database,
    private readonly products: ProductRepository,
    private readonly search: SearchIndex,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** What every change ends with: the search row, the fact, the trail, and what is shown to whoever made it. */
  async finish(id: string, actor: Actor, what: string, fields?: string[]): Promise<AdminProductDto> {
    await this.search.refresh([id]);
    this.outbox.record(new ProductChanged({ productIds: [id] }));
    this.audit.record({
      actor,
      action: `catalog.product.${what}`,
      subjectType: 'product',
      subjectId: id,
      ...(fields && { details: { fields } }),
    });
    this.database.afterCommit(() => this.pages.dropAll());
    const product = await this.products.admin(id);
    if (!product) throw platformProblems.not_found();
    return product;
  }
}
