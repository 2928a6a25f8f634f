import { DomainEvent } from '../platform/events/event.js';
import type { MoneyJson } from '../platform/money/money.js';

/** What a payment pays: an order, or an invoice. Whoever keeps orders has nothing to do with the facts of invoices. */
export interface Subject {
  orderId: string | null;
  invoiceId: string | null;
}

/** All of the payment is with us: the order is paid. Told however it came to be known, also days later. */
export class PaymentCaptured extends DomainEvent<{ paymentId: string; amount: MoneyJson } & Subject> {
  static readonly type = 'billing.payment_captured';
}

/** A part of what was held is with us; the rest still waits for its capture. `amount`: all that was captured so far. */
export class PaymentPartlyCaptured extends DomainEvent<{ paymentId: string; amount: MoneyJson } & Subject> {
  static readonly type = 'billing.payment_partly_captured';
}

/** What is held for us is let go in a day, unless somebody captures it. */
export class AuthorizationExpiring extends DomainEvent<
  { paymentId: string; amount: MoneyJson; captureBefore: string } & Subject
> {
  static readonly type = 'billing.authorization_expiring';
}

/** A bank has taken money of a payment back on behalf of its customer, for now. */
export class DisputeOpened extends DomainEvent<
  { disputeId: string; paymentId: string; amount: MoneyJson; reason: string } & Subject
> {
  static readonly type = 'billing.dispute_opened';
}

/** The bank has decided: `won` is with us again, `lost` is not. */
export class DisputeClosed extends DomainEvent<
  { disputeId: string; paymentId: string; amount: MoneyJson; outcome: 'won' | 'lost' } & Subject
> {
  static readonly type = 'billing.dispute_closed';
}

/** A customer wants a kept method to be forgotten. */
export class PaymentMethodRemoved extends DomainEvent<{ methodId: string }> {
  static readonly type = 'billing.payment_method_removed';
}

/** The whole amount is held for us and waits for its capture. */
export class PaymentAuthorized extends DomainEvent<
  {
    paymentId: string;
    amount: MoneyJson;
  } & Subject
> {
  static readonly type = 'billing.payment_authorized';
}

/** An attempt failed; the payment lives and may be tried again. */
export class PaymentDeclined extends DomainEvent<{ paymentId: string; code: string } & Subject> {
  static readonly type = 'billing.payment_declined';
}

/** The shopper must answer the bank before it goes on. */
export class PaymentActionRequired extends DomainEvent<{ paymentId: string } & Subject> {
  static readonly type = 'billing.payment_action_required';
}

/** The payment ended before any money moved. */
export class PaymentCanceled extends DomainEvent<{ paymentId: string } & Subject> {
  static readonly type = 'billing.payment_canceled';
}

/** The gateway says another amount or currency than was asked for: a person must look. */
export class PaymentReviewRequired extends DomainEvent<
  {
    paymentId: string;
    reason: string;
  } & Subject
> {
  static readonly type = 'billing.payment_review_required';
}

/** The money is on its way back to the shopper. */
export class RefundSettled extends DomainEvent<
  {
    refundId: string;
    paymentId: string;
    amount: MoneyJson;
  } & Subject
> {
  static readonly type = 'billing.refund_settled';
}

/** The refund came to nothing, at once or days after it was settled; its amount may be refunded again. */
export class RefundFailed extends DomainEvent<
  {
    refundId: string;
    paymentId: string;
    amount: MoneyJson;
    code: string;
  } & Subject
> {
  static readonly type = 'billing.refund_failed';
}

/** An operation that nobody waits for is to be sent to the gateway. */
export class OperationScheduled extends DomainEvent<{ operationId: string }> {
  static readonly type = 'billing.operation_scheduled';
}

/** A signed notice of a gateway lies in the inbox. */
export class GatewayNoticeReceived extends DomainEvent<{ gateway: string; eventId: string }> {
  static readonly type = 'billing.gateway_notice_received';
}

/** The shop has said anew who sells: invoices that waited for that may be finalised. */
export class SellerProfileChanged extends DomainEvent<{ version: number }> {
  static readonly type = 'billing.seller_profile_changed';
}

/** An invoice has its number. `state` is `paid` when its money was there already. */
export class InvoiceFinalized extends DomainEvent<{
  invoiceId: string;
  orderId: string | null;
  subscriptionId: string | null;
  number: string;
  total: MoneyJson;
  state: string;
}> {
  static readonly type = 'billing.invoice_finalized';
}

/** What was due of a finalised invoice has changed: by money, a credit note, or because nobody expects it any more. */
export class InvoiceMoved extends DomainEvent<{
  invoiceId: string;
  orderId: string | null;
  subscriptionId: string | null;
  state: string;
  due: MoneyJson;
}> {
  static readonly type = 'billing.invoice_moved';
}

/** Part of an invoice, or all of it, is credited. */
export class CreditNoteIssued extends DomainEvent<{
  creditNoteId: string;
  invoiceId: string;
  orderId: string | null;
  number: string;
  total: MoneyJson;
}> {
  static readonly type = 'billing.credit_note_issued';
}

/** An invoice that a request has made is collected from now on: whoever asked for it waits to see it charged. */
export class CollectionRequested extends DomainEvent<{ invoiceId: string; subscriptionId: string | null }> {
  static readonly type = 'billing.collection_requested';
}

/** An attempt of the schedule to collect an invoice has failed; more are to come. `first`: nothing had failed before. */
export class CollectionFailed extends DomainEvent<{
  invoiceId: string;
  subscriptionId: string | null;
  code: string | null;
  first: boolean;
  nextAt: string | null;
}> {
  static readonly type = 'billing.collection_failed';
}

/** The last attempt to collect an invoice has failed. `action`: what the policy wants to become of the subscription. */
export class CollectionEnded extends DomainEvent<{
  invoiceId: string;
  subscriptionId: string | null;
  action: 'cancel' | 'unpaid' | 'leave_past_due';
}> {
  static readonly type = 'billing.collection_ended';
}

/** What a subscription entitles to is something else now. `overdueDays`: since the oldest invoice that is not paid. */
export class EntitlementChanged extends DomainEvent<{
  subscriptionId: string;
  customerId: string | null;
  entitlement: 'full' | 'grace' | 'restricted' | 'none';
  before: 'full' | 'grace' | 'restricted' | 'none' | null;
  overdueDays: number;
}> {
  static readonly type = 'billing.entitlement_changed';
}

/** A method of a customer is the default from now on: newly kept, or chosen. */
export class DefaultMethodChanged extends DomainEvent<{ customerId: string; methodId: string }> {
  static readonly type = 'billing.default_method_changed';
}

/** Somebody has subscribed. */
export class SubscriptionCreated extends DomainEvent<{
  subscriptionId: string;
  planId: string;
  planVersionId: string;
  quantity: number;
  state: string;
}> {
  static readonly type = 'billing.subscription_created';
}

/** A subscription is in another state. `cause`: what has moved it. */
export class SubscriptionMoved extends DomainEvent<{
  subscriptionId: string;
  from: string;
  to: string;
  cause: string;
}> {
  static readonly type = 'billing.subscription_moved';
}

/** A period is billed: once, whatever ran twice. Without an invoice there was nothing to charge. */
export class SubscriptionBilled extends DomainEvent<{
  subscriptionId: string;
  scheduleNo: number;
  periodIndex: number;
  /** Local dates, half-open. */
  periodStart: string;
  periodEnd: string;
  invoiceId: string | null;
  total: MoneyJson;
}> {
  static readonly type = 'billing.subscription_billed';
}

/** A period of goods has begun: whoever keeps orders makes one of it. Told once for each period. */
export class SubscriptionPeriodDue extends DomainEvent<{
  subscriptionId: string;
  customerId: string | null;
  planId: string;
  planVersionId: string;
  quantity: number;
  scheduleNo: number;
  periodIndex: number;
  periodStart: string;
  periodEnd: string;
}> {
  static readonly type = 'billing.subscription_period_due';
}

/** A subscription is for another plan or quantity, or will be: `effectiveAt`. */
export class SubscriptionChanged extends DomainEvent<{
  subscriptionId: string;
  planId: string;
  planVersionId: string;
  quantity: number;
  behaviour: string;
  effectiveAt: string;
}> {
  static readonly type = 'billing.subscription_changed';
}

/** It ends with the running period, or no longer does. */
export class SubscriptionEndAnnounced extends DomainEvent<{
  subscriptionId: string;
  atPeriodEnd: boolean;
}> {
  static readonly type = 'billing.subscription_end_announced';
}

/** Nothing more is billed until a person has looked. */
export class SubscriptionParked extends DomainEvent<{ subscriptionId: string; reason: string }> {
  static readonly type = 'billing.subscription_parked';
}
