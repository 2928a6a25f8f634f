import { DomainEvent } from '../platform/events/event.js';
import type { MoneyJson } from '../platform/money/money.js';

/** How many of what an order holds: ids and quantities, no texts and no prices. */
export interface PlacedLine {
  productId: string;
  variantId: string;
  quantity: number;
}

/** An order was confirmed: paid, or its payment is promised. `lines` are in the order of the order. */
export class OrderPlaced extends DomainEvent<{
  orderId: string;
  number: string;
  total: MoneyJson;
  customerId: string | null;
  lines: PlacedLine[];
}> {
  static readonly type = 'ordering.order_placed';
}

/** Orders that guests had placed belong to a customer now, who has shown that their address is his. */
export class OrdersClaimed extends DomainEvent<{ customerId: string; orderIds: string[] }> {
  static readonly type = 'ordering.orders_claimed';
}

/** An order will not be sent. Its stock is free again; what was paid goes back. */
export class OrderCanceled extends DomainEvent<{ orderId: string; number: string }> {
  static readonly type = 'ordering.order_canceled';
}

/** Nobody paid in time. The stock is free again. */
export class OrderExpired extends DomainEvent<{ orderId: string }> {
  static readonly type = 'ordering.order_expired';
}

/** A parcel left. */
export class OrderFulfilled extends DomainEvent<{ orderId: string; fulfilmentId: string }> {
  static readonly type = 'ordering.order_fulfilled';
}
