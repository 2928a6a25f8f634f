import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Subscription } from '../subscription/subscription.js';
import { SubscriptionRepository } from '../subscription/subscription.repository.js';
import { CouponGuesses } from './coupon-guesses.service.js';
import { CouponRedemptionRepository } from './coupon-redemption.repository.js';
import { SubscriptionCouponDto } from './coupon.dto.js';
import { couponProblems } from './coupon.errors.js';
import { Coupons } from './coupons.service.js';

/** The coupon of a subscription. `owner`: the customer who asks; null: staff. */
@Injectable()
export class SubscriptionCoupons {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly coupons: Coupons,
    private readonly redemptions: CouponRedemptionRepository,
    private readonly guesses: CouponGuesses,
    private readonly audit: Audit,
  ) {}

  async get(id: string, owner: string | null): Promise<SubscriptionCouponDto> {
    const subscription = seen(await this.rows.find(id), owner);
    const present = await this.redemptions.present(id);
    if (present === null) throw platformProblems.not_found();
    const uses = await this.redemptions.uses(present.id);
    return SubscriptionCouponDto.detail(present, uses, subscription.currency);
  }

  /** From the next cycle on. The same code again changes nothing. */
  async take(id: string, code: string, owner: string | null, actor: Actor): Promise<SubscriptionCouponDto> {
    if (owner !== null) await this.guesses.check(owner, code);
    return this.database.transaction(async () => {
      const subscription = seen(await this.rows.lock(id), owner);
      if (subscription.endedAt !== null) throw couponProblems.coupon_late();
      const { terms } = await this.rows.item(id);
      const taken = await this.coupons.redeem(subscription, terms, code);
      this.told(id, owner, actor, 'coupon_taken', taken.couponId);
      return this.get(id, owner);
    });
  }

  /** What it took off stays; the coupon has back what took nothing off. */
  async remove(id: string, owner: string | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      seen(await this.rows.lock(id), owner);
      const removed = await this.coupons.remove(id);
      if (removed === null) throw platformProblems.not_found();
      this.told(id, owner, actor, 'coupon_removed', removed.couponId);
    });
  }

  private told(id: string, owner: string | null, actor: Actor, what: string, couponId: string): void {
    if (owner !== null) return;
    const action = `billing.subscription.${what}`;
    this.audit.record({ actor, action, subjectType: 'subscription', subjectId: id, details: { couponId } });
  }
}

function seen(subscription: Subscription | null, owner: string | null): Subscription {
  if (subscription === null || (owner !== null && subscription.customerId !== owner))
    throw platformProblems.not_found();
  return subscription;
}
