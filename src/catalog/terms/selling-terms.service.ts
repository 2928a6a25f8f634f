import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ProductChanged } from '../catalog.events.js';
import { StockService } from '../stock/stock.service.js';
import type { SellingTerms } from './selling-terms.js';
import { SellingTermsRepository } from './selling-terms.repository.js';

/** How a variant is sold, beside its price. */
@Injectable()
export class SellingTermsService {
  constructor(
    private readonly database: Database,
    private readonly terms: SellingTermsRepository,
    private readonly stock: StockService,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  async get(variantId: string): Promise<SellingTerms> {
    const terms = await this.terms.find(variantId);
    if (!terms) throw platformProblems.not_found();
    return terms;
  }

  /** Replaces them. 409 `catalog.stock_promised` when more was sold ahead than the new limit. */
  async set(
    variantId: string,
    wanted: Omit<SellingTerms, 'version'>,
    version: number | null,
    actor: Actor,
  ): Promise<SellingTerms> {
    return this.database.transaction(async () => {
      const productId = await this.terms.lockProductOf(variantId);
      if (productId === null) throw platformProblems.not_found();
      const present = await this.get(variantId);
      requireVersion(version, present.version);
      this.refusePast(wanted, present);
      const next = { ...wanted, version: present.version + 1 };
      await this.terms.save(variantId, next);
      const { preorder } = wanted;
      if (!isSame(preorder, present.preorder))
        await this.stock.setPreorder(
          variantId,
          preorder && { until: preorder.availableFrom, limit: preorder.limit },
        );
      this.outbox.record(new ProductChanged({ productIds: [productId] }));
      this.audit.record({
        actor,
        action: 'catalog.selling_terms.set',
        subjectType: 'variant',
        subjectId: variantId,
        details: { ...next },
      });
      this.database.afterCommit(() => this.pages.dropAll());
      return next;
    });
  }

  /** A day that is over may stay, but nobody is promised one. */
  private refusePast({ preorder }: Pick<SellingTerms, 'preorder'>, present: SellingTerms): void {
    if (preorder === null || preorder.availableFrom > this.clock.now()) return;
    if (isSame(preorder, present.preorder)) return;
    throw platformProblems.invalid_input('What is sold ahead is there at a later time.', {
      errors: [{ pointer: '/preorder/availableFrom', code: 'past', message: 'must be in the future' }],
    });
  }
}

type Preorder = SellingTerms['preorder'];

const isSame = (a: Preorder, b: Preorder): boolean =>
  a?.availableFrom.getTime() === b?.availableFrom.getTime() && a?.limit === b?.limit;
