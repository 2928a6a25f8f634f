import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { Holder } from '../cart/cart.access.js';
import { CartReader } from '../cart/cart-reader.service.js';
import type { NearPointDto } from './offer.dto.js';
import { waysTo } from './offers.js';
import { pointView } from './offers.view.js';
import { PickupPointRepository, type PointPlace } from './pickup-point.repository.js';
import { SellingRules } from '../selling/selling-rules.js';

interface Wanted {
  country: string | null;
  postalCode: string | null;
}

/** Where a cart can be fetched, and what that costs at each point. */
@Injectable()
export class NearPoints {
  constructor(
    private readonly carts: CartReader,
    private readonly points: PickupPointRepository,
    private readonly rules: SellingRules,
    private readonly clock: Clock,
  ) {}

  /** Open points, the nearest by postal code first; of the country of the cart unless another is asked for. */
  async of(
    cartId: string,
    holder: Holder,
    wanted: Wanted,
    after: PointPlace | null,
    limit: number,
  ): Promise<(NearPointDto & PointPlace)[]> {
    const { cart, assessment } = await this.carts.get(cartId, holder);
    const address = cart.shippingAddress ?? cart.billingAddress;
    const { shipping, calendar } = await this.rules.current();
    const rows = await this.points.near(
      wanted.country ?? address?.country ?? null,
      wanted.postalCode ?? address?.postalCode ?? null,
      after,
      limit,
    );
    const at = { now: this.clock.now(), calendar };
    return rows.map(({ nearness, ...point }) => {
      const { offers } = waysTo(shipping, point.address, cart.currency, assessment.cargo, at, 'pickup');
      return { ...pointView(point, offers, point.id === cart.pickupPointId), nearness };
    });
  }
}
