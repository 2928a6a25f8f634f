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

/** Which goods are meant: those of one of the lists but for `except`; without lists all. A category holds what is below it. */
export interface GoodsScope {
  variants?: readonly string[];
  products?: readonly string[];
  categories?: readonly string[];
  collections?: readonly string[];
  except?: Omit<GoodsScope, 'except'>;
}

/** A promotion that needs nothing but the goods, and at most a group of the buyer's: what pages need to show it. */
export interface ListedTerms {
  title: string;
  /** The higher goes first, equal ones by id. */
  priority: number;
  exclusive: boolean;
  /** ISO 8601; from then on, until before then. */
  startsAt: string | null;
  endsAt: string | null;
  /** Only for prices in it. */
  currency: string | null;
  /** Of each of these the buyer is in one. */
  groups: readonly (readonly string[])[];
  /** All of them mean the goods. */
  scopes: readonly GoodsScope[];
  /** Off each piece: parts per million, an amount, or what it costs more than this. */
  effect: { type: 'percent'; ppm: number } | { type: 'amount' | 'fixed_price'; money: MoneyJson };
}

/**
 * An automatic promotion on single lines is new or was changed. `listed` is null when pages may not show it (any more): it is
 * no longer active, or asks for more than the goods. The highest version is the truth.
 */
export class PromotionChanged extends DomainEvent<{
  promotionId: string;
  version: number;
  listed: ListedTerms | null;
}> {
  static readonly type = 'ordering.promotion_changed';
}

/** A group of promotions picks otherwise: `stack` or `best`. */
export class PromotionModeChanged extends DomainEvent<{
  group: string;
  mode: 'stack' | 'best';
  version: number;
}> {
  static readonly type = 'ordering.promotion_mode_changed';
}

/** A carrier told something new of a parcel of this fulfilment. */
export class FulfilmentReported extends DomainEvent<{ fulfilmentId: string }> {
  static readonly type = 'ordering.fulfilment_reported';
}
