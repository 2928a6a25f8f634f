import type { Address } from '../../platform/address/address.js';
import type { VatVerdict } from '../../platform/vat/vat-id.js';
import type { PlanKind, PlanTax, PlanTerms } from '../plan/plan.js';
import type { ChangeBehaviour } from './change-terms.js';
import type { SubscriptionState } from './lifecycle.js';
import type { BillingPeriod, Interval, Schedule } from './periods.js';

/** `automatic`: charged to the method; `invoice`: the customer gets the invoice and pays it. */
export const COLLECTIONS = ['automatic', 'invoice'] as const;
export type CollectionMode = (typeof COLLECTIONS)[number];

/** Who is invoiced; kept sealed. The e-mail address is that of the account. */
export interface SubscriptionBuyer {
  readonly name: string;
  readonly company: string | null;
  readonly address: Address;
  readonly vatId: string | null;
  /** What the register has said of it, last; null: nobody has asked. */
  readonly vatCheck: VatVerdict | null;
}

/** What begins with the next period. */
export interface ScheduledChange {
  readonly planVersionId: string;
  readonly quantity: number;
  readonly interval: Interval;
}

export interface Subscription {
  readonly id: string;
  /** Null: erased. */
  readonly customerId: string | null;
  readonly state: SubscriptionState;
  readonly kind: PlanKind;
  readonly currency: string;
  /** Counts the anchors from 0. */
  readonly scheduleNo: number;
  readonly schedule: Schedule;
  /** The index of the period that is billed next; the one before it is the running one, when it was billed. */
  readonly nextPeriod: number;
  /** Null: nothing is billed by itself. */
  readonly nextBillAt: Date | null;
  readonly trialEndsAt: Date | null;
  readonly collection: CollectionMode;
  /** Null: the default method of the customer. */
  readonly methodId: string | null;
  /** Sealed for the customer. */
  readonly buyer: Buffer | null;
  readonly country: string;
  /** The buyer, a business of another member state, accounts for the tax: by the last check of the VAT id. */
  readonly reverseCharge: boolean;
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelReason: string | null;
  readonly scheduledChange: ScheduledChange | null;
  readonly parkedReason: string | null;
  readonly expiresAt: Date | null;
  readonly pausedAt: Date | null;
  readonly endedAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
}

/** What it is, or was, for: one at a time. */
export interface SubscriptionItem {
  readonly id: string;
  readonly subscriptionId: string;
  readonly terms: PlanTerms;
  readonly quantity: number;
  readonly since: Date;
  readonly until: Date | null;
  /** Minor units: what the running period was billed for it, and what of that was given back. */
  readonly billed: bigint;
  readonly credited: bigint;
  /** How that was taxed. */
  readonly tax: PlanTax | null;
  /** Whose lines billed it, where it took the place of another one and nothing was counted: a plan, and since when; null: its own. */
  readonly standsFor: { readonly code: string; readonly since: Date } | null;
}

/** A period that was billed, once. */
export interface BilledPeriod {
  readonly subscriptionId: string;
  readonly scheduleNo: number;
  readonly period: BillingPeriod;
  readonly itemId: string;
  readonly invoiceId: string | null;
  readonly billedAt: Date;
}

/** What a customer or staff want a subscription to be. */
export interface ChangeWish {
  readonly planId: string | null;
  readonly quantity: number | null;
  /** Null: what costs more is billed now, what costs less with the next invoice. */
  readonly behaviour: ChangeBehaviour | null;
}
