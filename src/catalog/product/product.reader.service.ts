import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PromotedPages } from '../listed-promotion/promoted-pages.service.js';
import { keyOf } from './handle.js';
import type { AdminProductDto, AdminProductQuery } from './admin-product.dto.js';
import { ProductRepository } from './product.repository.js';
import { RelatedRepository } from './related.repository.js';

/** JSON text, and until when its prices hold; null: until somebody changes one. */
interface TimedBody {
  body: string;
  endsAt: Date | null;
}

/** Products as they are read. */
@Injectable()
export class ProductReader {
  constructor(
    private readonly products: ProductRepository,
    private readonly relations: RelatedRepository,
    private readonly promoted: PromotedPages,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** The product page for a member of these groups; `key` is an id or a handle. */
  async page(
    key: string,
    groups: readonly string[],
    locales: readonly string[],
    currency = this.config.storeCurrency,
  ): Promise<TimedBody> {
    const { id, handle } = keyOf(key);
    const now = this.clock.now();
    const page = await this.products.page(id ?? handle ?? '', id !== null, currency, now, groups, locales);
    if (page === null) throw platformProblems.not_found();
    const { body, ...rest } = page;
    const { items, endsAt } = await this.promoted.priced({ ...rest, items: body }, { currency, groups, now });
    return { body: items ?? body, endsAt };
  }

  /** What goes with a product, for a member of these groups. 404 when the shop does not show it. */
  async related(
    key: string,
    groups: readonly string[],
    locales: readonly string[],
    currency = this.config.storeCurrency,
  ): Promise<TimedBody> {
    const now = this.clock.now();
    const found = await this.relations.shown(keyOf(key), currency, now, groups, locales);
    if (!found.known) throw platformProblems.not_found();
    const { items, endsAt } = await this.promoted.priced(found, { currency, groups, now });
    return { body: `{"items":[${items ?? ''}]}`, endsAt };
  }

  async admin(id: string): Promise<AdminProductDto> {
    const product = await this.products.admin(id);
    if (!product) throw platformProblems.not_found();
    return product;
  }

  adminList(
    filter: Omit<AdminProductQuery, 'limit' | 'cursor'>,
    after: string | null,
    limit: number,
  ): Promise<AdminProductDto[]> {
    const { status = null, category = null, brand = null } = filter;
    const { sku = null, externalId = null, productType = null } = filter;
    return this.products.adminList({ status, category, brand, sku, externalId, productType, after, limit });
  }
}
