import { Injectable } from '@nestjs/common';
import { groupsOf, type PersonActor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PromotedPages } from '../listed-promotion/promoted-pages.service.js';
import { RecentlyViewedRepository } from './recently-viewed.repository.js';

/** What a signed-in customer has looked at, as far as the storefront says so. Nobody else is followed. */
@Injectable()
export class RecentlyViewedService {
  constructor(
    private readonly viewed: RecentlyViewedRepository,
    private readonly promoted: PromotedPages,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** 404 for a product that the shop does not show. */
  async add({ id }: PersonActor, productId: string): Promise<void> {
    if (!(await this.viewed.add(id, productId))) throw platformProblems.not_found();
  }

  async clear({ id }: PersonActor): Promise<void> {
    await this.viewed.clear(id);
  }

  /** JSON text of the list. */
  async list(
    actor: PersonActor,
    locales: readonly string[],
    currency = this.config.storeCurrency,
  ): Promise<string> {
    const asking = { currency, now: this.clock.now(), groups: groupsOf(actor), locales };
    const found = await this.viewed.items(actor.id, asking);
    const { items } = await this.promoted.priced({ ...found, endsAt: null }, asking);
    return `{"items":[${items ?? ''}]}`;
  }
}
