import { Injectable } from '@nestjs/common';
import { cartProblems } from '../cart/cart.errors.js';
import { PickupPointRepository } from './pickup-point.repository.js';
import { SellingRules } from '../selling/selling-rules.js';

interface Choices {
  shippingOptionId?: string | null;
  pickupPointId?: string | null;
}

/** What a shopper may choose at all; whether it fits the cart is for the cart to say. */
@Injectable()
export class ShippingChoices {
  constructor(
    private readonly rules: SellingRules,
    private readonly points: PickupPointRepository,
  ) {}

  /**
   * Before a transaction that will `require`: the rules are read by one for all, who must not find every connection taken by
   * those who wait for it.
   */
  async ready(): Promise<void> {
    await this.rules.current();
  }

  /** 422 for a method or a point that the shop does not have. */
  async require({ shippingOptionId, pickupPointId }: Choices): Promise<void> {
    if (shippingOptionId) {
      const { shipping } = await this.rules.current();
      const isKnown = shipping.some(({ options }) => options.some(({ id }) => id === shippingOptionId));
      if (!isKnown) throw cartProblems.unknown_shipping_option();
    }
    if (pickupPointId && !(await this.points.find(pickupPointId))) throw cartProblems.unknown_pickup_point();
  }
}
