import { Injectable } from '@nestjs/common';
import { BillingApi, type GoodsSubscription } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { Clock } from '../../platform/clock.js';
import { Money } from '../../platform/money/money.js';
import { quantitiesOf } from '../cart/cart.js';
import { draftLines } from '../draft-order/draft-lines.js';
import type { DraftOrder } from '../draft-order/draft-order.js';
import type { PeriodOfGoods, PeriodOrder } from './basket.js';
import { BasketRepository } from './basket.repository.js';

/** What is to be ordered for a period, or why nothing can be. */
export type PeriodDraft =
  | { readonly draft: DraftOrder; readonly subscription: GoodsSubscription; readonly groups: string[] }
  | { readonly missed: string; readonly reasons: string; readonly email: string | null };

/** Writes what a period orders: like a draft of staff, at the prices of the day less what subscribers save. */
@Injectable()
export class BasketDrafts {
  constructor(
    private readonly rows: BasketRepository,
    private readonly billing: BillingApi,
    private readonly catalog: CatalogApi,
    private readonly identity: IdentityApi,
    private readonly clock: Clock,
  ) {}

  /** Throws the problem of the checkout when something of it is not sold. */
  async of(period: PeriodOfGoods, { id }: PeriodOrder): Promise<PeriodDraft> {
    const subscription = await this.billing.goodsSubscription(period.subscriptionId);
    const customerId = subscription?.customerId ?? null;
    const customer = customerId === null ? null : await this.identity.customer(customerId);
    if (subscription === null || customerId === null || customer === null)
      return { missed: 'no_customer', reasons: 'There is nobody to send it to.', email: null };
    const { email } = customer;
    const basket = await this.rows.find(period.subscriptionId);
    if (basket === null)
      return {
        missed: 'no_basket',
        reasons: 'You have not said yet what it should send, and where to.',
        email,
      };
    const { currency, planId } = subscription;
    const groups = await this.identity.groupsOf(customerId);
    const wanted = basket.lines.map(({ variantId, quantity }) => ({
      variantId,
      quantity: quantity * period.quantity,
    }));
    const sellable = await this.catalog.sellable(quantitiesOf(wanted), currency, groups);
    const { percentOff } = await this.rows.percentOff(planId);
    const now = this.clock.now();
    const lines = draftLines(wanted, sellable, currency).map((line) => {
      const today = sellable.find(({ variantId }) => variantId === line.variantId)?.unitPrice;
      if (percentOff === 0 || today === undefined) return line;
      return {
        ...line,
        unitAmount: savedPrice(today, percentOff).amount,
        priceReason: `subscription: ${percentOff} % off`,
      };
    });
    const { shippingAddress, billingAddress, shippingOptionId } = basket;
    const draft: DraftOrder = {
      ...{
        id,
        state: 'open',
        customerId,
        email,
        currency,
        lines,
        shippingAddress,
        billingAddress,
        shippingOptionId,
      },
      ...{
        pickupPointId: null,
        pickupPoint: null,
        vatId: null,
        vatCheck: null,
        promotionCodes: [],
        note: null,
      },
      ...{ orderId: null, createdBy: null, createdAt: now, updatedAt: now, version: 1 },
    };
    return { draft, subscription, groups };
  }
}

/** Named rounding point: the price of one piece, less what subscribers save. */
const savedPrice = (today: Money, percentOff: number): Money =>
  today.timesRatio(BigInt(100 - percentOff), 100n);
