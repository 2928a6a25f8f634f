import { Injectable } from '@nestjs/common';
import { BillingApi, type GoodsSubscription } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { quantitiesOf } from '../cart/cart.js';
import { draftLines } from '../draft-order/draft-lines.js';
import { ShippingChoices } from '../shipping/shipping-choices.service.js';
import { BasketDiscountDto, BasketDto, type PutBasketDto } from './basket.dto.js';
import { BasketRepository } from './basket.repository.js';

const SHOWN = 24;

/** What subscriptions to goods send, as their customers say, and what is saved by them, as staff say. */
@Injectable()
export class Baskets {
  constructor(
    private readonly database: Database,
    private readonly rows: BasketRepository,
    private readonly billing: BillingApi,
    private readonly catalog: CatalogApi,
    private readonly identity: IdentityApi,
    private readonly choices: ShippingChoices,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** 404 while nothing was put into it, and for one of somebody else. */
  async get(customerId: string, id: string): Promise<BasketDto> {
    const { planId } = await this.theirs(customerId, id);
    const basket = await this.rows.find(id);
    if (basket === null) throw platformProblems.not_found();
    const { percentOff } = await this.rows.percentOff(planId);
    return BasketDto.from(basket, percentOff, await this.rows.periods(id, SHOWN));
  }

  /** All of it; the next order is what it says then. 422 names what is not sold. */
  async put(customerId: string, id: string, input: PutBasketDto, version: number | null): Promise<BasketDto> {
    const { currency } = await this.theirs(customerId, id);
    const { shippingAddress, billingAddress = null, shippingOptionId = null, lines } = input;
    requireAddresses({ '/shippingAddress': shippingAddress, '/billingAddress': billingAddress });
    await this.choices.require({ shippingOptionId });
    const groups = await this.identity.groupsOf(customerId);
    draftLines(lines, await this.catalog.sellable(quantitiesOf(lines), currency, groups), currency);
    await this.database.transaction(async () => {
      const present = await this.rows.find(id);
      requireVersion(version, present?.version ?? 0);
      const now = this.clock.now();
      const saved = await this.rows.save({
        ...{ subscriptionId: id, customerId, shippingOptionId, version: present?.version ?? 0 },
        shippingAddress: toAddress(shippingAddress),
        billingAddress: billingAddress && toAddress(billingAddress),
        lines: lines.map(({ variantId, quantity }) => ({ variantId, quantity })),
        ...{ createdAt: now, updatedAt: now },
      });
      if (!saved) throw platformProblems.stale_version();
    });
    return this.get(customerId, id);
  }

  async discount(planId: string): Promise<BasketDiscountDto> {
    await this.requirePlan(planId);
    return { planId, ...(await this.rows.percentOff(planId)) };
  }

  /** From the next order on; 404 for a plan that is of no goods. */
  async setDiscount(
    planId: string,
    percentOff: number,
    version: number | null,
    actor: Actor,
  ): Promise<BasketDiscountDto> {
    await this.requirePlan(planId);
    return this.database.transaction(async () => {
      requireVersion(version, (await this.rows.percentOff(planId)).version);
      await this.rows.setPercentOff(planId, percentOff, this.clock.now());
      this.audit.record({
        ...{ actor, action: 'ordering.basket_discount.updated', subjectType: 'plan', subjectId: planId },
        details: { percentOff },
      });
      return this.discount(planId);
    });
  }

  private async theirs(customerId: string, id: string): Promise<GoodsSubscription> {
    const subscription = await this.billing.goodsSubscription(id);
    if (subscription?.customerId !== customerId) throw platformProblems.not_found();
    return subscription;
  }

  private async requirePlan(planId: string): Promise<void> {
    if (!(await this.billing.isGoodsPlan(planId))) throw platformProblems.not_found();
  }
}
