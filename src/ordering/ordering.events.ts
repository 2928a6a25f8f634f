import { DomainEvent } from '../platform/events/event.js';
import type { MoneyJson } from '../platform/money/money.js';

/** An order was confirmed: paid, or its payment is promised. */
export class OrderPlaced extends DomainEvent<{
  orderId: string;
  number: string;
  total: MoneyJson;
  customerId: string | null;
}> {
  static readonly type = 'ordering.order_placed';
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
