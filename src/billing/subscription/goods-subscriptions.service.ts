import { Injectable } from '@nestjs/common';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { PlanRepository } from '../plan/plan.repository.js';
import type { SubscriptionState } from './lifecycle.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** A subscription to goods, as whoever keeps orders needs it. */
export interface GoodsSubscription {
  readonly id: string;
  readonly customerId: string | null;
  readonly state: SubscriptionState;
  readonly planId: string;
  readonly currency: string;
  /** What its orders are charged to; null: nothing is kept. */
  readonly method: { readonly id: string; readonly gateway: string } | null;
}

/** Subscriptions whose periods become orders. */
@Injectable()
export class GoodsSubscriptions {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly plans: PlanRepository,
    private readonly methods: PaymentMethodRepository,
  ) {}

  /** Null: there is none, or it is to no goods. */
  async find(id: string): Promise<GoodsSubscription | null> {
    const subscription = await this.rows.find(id);
    if (subscription?.kind !== 'goods') return null;
    const { customerId, state, currency, methodId } = subscription;
    const { terms } = await this.rows.item(id);
    const method = customerId === null ? null : await this.methods.find(customerId, methodId);
    return {
      ...{ id, customerId, state, planId: terms.planId, currency },
      method: method && { id: method.id, gateway: method.gateway },
    };
  }

  async isPlan(planId: string): Promise<boolean> {
    return (await this.plans.find(planId))?.kind === 'goods';
  }
}
