import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import type { Holder } from '../cart/cart.access.js';
import { CartFilling } from '../cart/cart-filling.service.js';
import type { FilledCartDto } from '../cart/cart.dto.js';
import type { Order, OrderLine } from '../order/order.js';
import { OrderAccess } from '../order/order-access.service.js';
import { OrderRepository } from '../order/order.repository.js';

/** The same once more. */
@Injectable()
export class Reorder {
  constructor(
    private readonly orders: OrderRepository,
    private readonly access: OrderAccess,
    private readonly filling: CartFilling,
  ) {}

  /**
   * Puts what was bought into a cart of whoever the order belongs to, as far as it is sold and there, at today's prices. Words
   * to engrave and recipients of gift cards go along: they were this buyer's.
   */
  async reorder(orderId: string, holder: Holder): Promise<FilledCartDto> {
    const order = await this.orders.find(orderId);
    if (!order || !(await this.access.opens(holder, order))) throw platformProblems.not_found();
    const wishes = order.lines
      .filter((line) => isBought(line, order))
      .map((line) => ({
        variantId: line.variantId,
        productId: line.productId,
        sku: line.sku,
        title: line.title,
        quantity: line.quantity,
        // The day that it was to be sent on has passed.
        giftCard: line.giftCard && { ...line.giftCard, sendAt: null },
        properties: line.properties,
      }));
    return this.filling.fill(holder.actor, order.currency, wishes, order.email);
  }
}

/** Neither a gift of a promotion nor sent again for nothing in place of another line. */
const isBought = (line: OrderLine, { lines }: Order): boolean =>
  line.givenBy === null &&
  !(
    line.unitPrice === 0n &&
    lines.some((other) => other.id !== line.id && other.variantId === line.variantId && other.replaced > 0)
  );
