import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { ProductChanged } from '../catalog.events.js';
import { SearchIndex } from '../search/search-index.service.js';
import type { PriceDto, SetPriceDto } from './price.controller.js';
import { PriceRepository } from './price.repository.js';

/** Which price, since when, by whom. */
@Injectable()
export class PriceService {
  constructor(
    private readonly database: Database,
    private readonly prices: PriceRepository,
    private readonly search: SearchIndex,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  async set(wanted: SetPriceDto[], actor: Actor): Promise<void> {
    const prices = wanted.map(({ variantId, price, compareAtPrice }, index) => {
      if (
        compareAtPrice &&
        (compareAtPrice.currency !== price.currency || compareAtPrice.amount <= price.amount)
      ) {
        throw catalogProblems.compare_at_too_low(undefined, {
          errors: [
            {
              pointer: `/prices/${index}/compareAtPrice`,
              code: 'too_low',
              message: 'must be higher than the price, in its currency',
            },
          ],
        });
      }
      const twice = wanted.findIndex(
        (other) => other.variantId === variantId && other.price.currency === price.currency,
      );
      if (twice < index) {
        throw platformProblems.invalid_input('A variant can have one price per currency.', {
          errors: [{ pointer: `/prices/${index}`, code: 'duplicate', message: 'stands twice' }],
        });
      }
      return {
        variantId,
        currency: price.currency,
        amount: price.amount,
        compareAt: compareAtPrice?.amount ?? null,
      };
    });
    await this.database.transaction(async () => {
      const variantIds = [...new Set(prices.map(({ variantId }) => variantId))];
      const productIds = await this.prices.lockProducts(variantIds);
      if (productIds.length < variantIds.length)
        throw platformProblems.not_found('One of the variants does not exist.');
      await this.prices.append(prices, this.clock.now(), personId(actor) ?? actor.kind);
      const changed = [...new Set(productIds)];
      await this.search.refresh(changed);
      this.outbox.record(new ProductChanged({ productIds: changed }));
      for (const subjectId of variantIds) {
        this.audit.record({ actor, action: 'catalog.price.set', subjectType: 'variant', subjectId });
      }
      this.database.afterCommit(() => this.pages.dropAll());
    });
  }

  async history(
    variantId: string,
    currency: string | null,
    after: string | null,
    limit: number,
  ): Promise<PriceDto[]> {
    const rows = await this.prices.history(variantId, currency, after, limit);
    return rows.map(({ amount, compareAt, currency: code, validFrom, ...row }) => ({
      ...row,
      price: { amount: Number(amount), currency: code },
      compareAtPrice: compareAt === null ? null : { amount: Number(compareAt), currency: code },
      validFrom: validFrom.toISOString(),
    }));
  }
}
