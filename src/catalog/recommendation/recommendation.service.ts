import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { TimedPage } from '../collection/collection.reader.service.js';
import { PromotedPages } from '../listed-promotion/promoted-pages.service.js';
import { keyOf } from '../product/handle.js';
import type { RecommendationDto, RecommendationQuery } from './recommendation.dto.js';
import { RecommendationRepository } from './recommendation.repository.js';

/** How long a page may stand though somebody has bought something: the counts behind it are minutes old anyhow. */
const LAG_MS = 600_000;

@Injectable()
export class RecommendationService {
  constructor(
    private readonly recommendations: RecommendationRepository,
    private readonly promoted: PromotedPages,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** What goes with a product, at the prices of these customer groups; 404 when the product is not published. */
  async page(
    key: string,
    { limit = 8, inStock = false, currency = this.config.storeCurrency }: RecommendationQuery,
    groups: readonly string[],
    locales: readonly string[],
  ): Promise<TimedPage> {
    const now = this.clock.now();
    const asking = { currency, groups, now, limit, inStock, locales };
    const found = await this.recommendations.of(keyOf(key), asking);
    if (!found) throw platformProblems.not_found();
    const { items, endsAt } = await this.promoted.priced(
      found,
      asking,
      (item) => (item as RecommendationDto).product,
    );
    const soon = new Date(now.getTime() + LAG_MS);
    const until = endsAt !== null && endsAt < soon ? endsAt : soon;
    return { json: `{"items":[${items ?? ''}]}`, until };
  }
}
