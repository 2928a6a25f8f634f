import { Injectable } from '@nestjs/common';
import { VatAnswers } from '../../platform/vat/vat-answers.js';
import { plainVatId } from '../../platform/vat/vat-id.js';
import { CouponRedemptionRepository } from '../coupon/coupon-redemption.repository.js';
import type { CouponRedemption } from '../coupon/subscription-coupon.js';
import { priceIn } from '../plan/plan.js';
import type { Subscription, SubscriptionBuyer } from './subscription.js';
import { SubscriptionBuyers } from './subscription-buyers.service.js';
import { SubscriptionEnds } from './subscription-ends.service.js';
import { SubscriptionRepository } from './subscription.repository.js';
import { TrialRepository, type UsedTrial } from './trial.repository.js';

interface ToldCoupon {
  code: string;
  title: string;
  redeemedAt: string;
  endedAt: string | null;
  /** Periods that it took something off. */
  periods: number;
}

interface Told {
  id: string;
  plan: string;
  quantity: number;
  unitPrice: object | null;
  state: string;
  since: string;
  endedAt: string | null;
  reason: string | null;
  buyer: SubscriptionBuyer | null;
  coupons: ToldCoupon[];
}

/** What a person has subscribed to, for the copy of all that is kept, and its end when the person is forgotten. */
@Injectable()
export class SubscriptionPeople {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly redemptions: CouponRedemptionRepository,
    private readonly ends: SubscriptionEnds,
    private readonly used: TrialRepository,
    private readonly vatAnswers: VatAnswers,
  ) {}

  async subscriptions(customerId: string, after: { id: string } | null, limit: number): Promise<Told[]> {
    const subscriptions = await this.rows.ofCustomer(customerId, after?.id ?? null, limit);
    const ids = subscriptions.map(({ id }) => id);
    const [items, redeemed] = [
      await this.rows.presentItems(ids),
      await this.redemptions.ofSubscriptions(ids),
    ];
    return Promise.all(
      subscriptions.map(async (one) => {
        const item = items.find(({ subscriptionId }) => subscriptionId === one.id);
        return {
          ...{ id: one.id, plan: item?.terms.title ?? '', quantity: item?.quantity ?? 0, state: one.state },
          unitPrice: item ? (priceIn(item.terms, one.currency)?.amount.toJSON() ?? null) : null,
          ...{ since: one.createdAt.toISOString(), endedAt: one.endedAt?.toISOString() ?? null },
          ...{ reason: one.cancelReason, buyer: await this.buyers.open(one) },
          coupons: redeemed.filter(({ subscriptionId }) => subscriptionId === one.id).map(toldCoupon),
        };
      }),
    );
  }

  hold(customerId: string): Promise<void> {
    return this.ends.hold(customerId);
  }

  /** A trial of a plan is had once, so it is kept who has had it. */
  trials(customerId: string, after: { id: string } | null, limit: number): Promise<UsedTrial[]> {
    return this.used.ofCustomer(customerId, after?.id ?? null, limit);
  }

  /** In the caller's transaction: all of it ends, and nothing tells any more whose it was. */
  async erase(customerId: string): Promise<void> {
    await this.vatAnswers.forgetAll(await this.vatIds(customerId));
    await this.ends.erase(customerId);
  }

  private async vatIds(customerId: string): Promise<string[]> {
    const ids: string[] = [];
    for (let last: string | null = null, more = true; more;) {
      const page: Subscription[] = await this.rows.ofCustomer(customerId, last, PAGE);
      for (const one of page) ids.push((await this.buyers.open(one))?.vatId ?? '');
      last = page.at(-1)?.id ?? null;
      more = page.length === PAGE;
    }
    return ids.filter((vatId) => vatId !== '').map(plainVatId);
  }
}

const PAGE = 100;

const toldCoupon = ({ terms, redeemedAt, endedAt, used }: CouponRedemption): ToldCoupon => ({
  ...{ code: terms.code, title: terms.title, redeemedAt: redeemedAt.toISOString() },
  ...{ endedAt: endedAt?.toISOString() ?? null, periods: used },
});
