import { Injectable } from '@nestjs/common';
import { cartProblems } from '../cart/cart.errors.js';
import { PickupPointRepository } from './pickup-point.repository.js';
import { type Destination, zoneFor } from './destination.js';
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

  /** 422 for a method or a point that the shop does not have, and for a method that brings nothing to an address that is known. */
  async require(
    { shippingOptionId, pickupPointId }: Choices,
    address: Destination | null = null,
  ): Promise<void> {
    if (shippingOptionId) {
      const { shipping } = await this.rules.current();
      const option = shipping.flatMap(({ options }) => options).find(({ id }) => id === shippingOptionId);
      if (!option) throw cartProblems.unknown_shipping_option();
      const isThere =
        address === null ||
        option.kind === 'pickup' ||
        zoneFor(shipping, address)?.options.some(({ id }) => id === shippingOptionId);
      if (!isThere)
        throw cartProblems.unknown_shipping_option(undefined, {
          errors: [
            {
              pointer: '/shippingOptionId',
              code: 'not_for_address',
              message: 'brings nothing to this address',
            },
          ],
        });
    }
    if (pickupPointId && !(await this.points.find(pickupPointId))) throw cartProblems.unknown_pickup_point();
  }
}
