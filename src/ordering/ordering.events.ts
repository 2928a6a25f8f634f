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

/** What a change does to pieces of a line. */
export interface ChangedLine extends PlacedLine {
  lineId: string;
  /** removed, returned, refunded, replaced, added */
  effect: string;
}

/**
 * A change of a placed order was confirmed: an edit, a cancellation of lines, a return, an exchange or a claim. `difference`
 * is what the order costs more than before (less than 0: less), `due` what is to be paid for it, `refund` what goes back.
 */
export class OrderChanged extends DomainEvent<{
  orderId: string;
  changeId: string;
  kind: string;
  difference: MoneyJson;
  due: MoneyJson;
  refund: MoneyJson;
  lines: ChangedLine[];
}> {
  static readonly type = 'ordering.order_changed';
}

/** What a change of an order waited for was paid; or nobody paid, and what it had added is taken off again. */
export class OrderChangeEnded extends DomainEvent<{ orderId: string; changeId: string; paid: boolean }> {
  static readonly type = 'ordering.order_change_ended';
}

/** A return was asked for, or has come to another state; that it is settled tells the change of its order. */
export class ReturnMoved extends DomainEvent<{ returnId: string; orderId: string; state: string }> {
  static readonly type = 'ordering.return_moved';
}

/** Staff keep an order from being sent, or let it go again. */
export class OrderHoldChanged extends DomainEvent<{ orderId: string; held: boolean }> {
  static readonly type = 'ordering.order_hold_changed';
}

/** A guest wants to find an order again; whether there is one stands in the row. */
export class OrderLookupAsked extends DomainEvent<{ lookupId: string }> {
  static readonly type = 'ordering.order_lookup_asked';
}

/** Nobody paid in time. The stock is free again. */
export class OrderExpired extends DomainEvent<{ orderId: string }> {
  static readonly type = 'ordering.order_expired';
}

/** A fulfilment left: one parcel or several, from one location. */
export class OrderFulfilled extends DomainEvent<{ orderId: string; fulfilmentId: string }> {
  static readonly type = 'ordering.order_fulfilled';
}

/** What had left has arrived. */
export class FulfilmentDelivered extends DomainEvent<{ orderId: string; fulfilmentId: string }> {
  static readonly type = 'ordering.fulfilment_delivered';
}

/** Of what has left, the carrier or the parcels are written otherwise than before. */
export class FulfilmentTracked extends DomainEvent<{ orderId: string; fulfilmentId: string }> {
  static readonly type = 'ordering.fulfilment_tracked';
}

/** A carrier told something new of parcels. `eventIds` are its own. */
export class CarrierEventsReceived extends DomainEvent<{ carrier: string; eventIds: string[] }> {
  static readonly type = 'ordering.carrier_events_received';
}
