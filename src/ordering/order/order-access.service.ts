import { Injectable } from '@nestjs/common';
import { may } from '../../platform/access/actor.js';
import { type Holder, holds } from '../cart/cart.access.js';
import { OrderLookupRepository } from '../lookup/order-lookup.repository.js';
import type { Order } from './order.js';

/** Whose an order is, for everything that is done with it. */
@Injectable()
export class OrderAccess {
  constructor(private readonly lookups: OrderLookupRepository) {}

  /** Whether it is theirs: by the account, by the token of the cart, or by that of a look-up. */
  async opens(holder: Holder, order: Pick<Order, 'id' | 'customerId' | 'tokenHash'>): Promise<boolean> {
    if (holds(holder, order)) return true;
    return holder.tokenHash !== null && this.lookups.opens(order.id, holder.tokenHash);
  }

  async mayRead(holder: Holder, order: Order): Promise<boolean> {
    return may(holder.actor, 'ordering:order:read') || this.opens(holder, order);
  }

  async mayChange(holder: Holder, order: Order): Promise<boolean> {
    return may(holder.actor, 'ordering:order:write') || this.opens(holder, order);
  }
}
