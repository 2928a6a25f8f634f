import {
  Bool,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { NextActionDto } from '../payment/payment.dto.js';
import { PAYMENT_STATUSES, type PaymentStatus } from '../payment/payment.entity.js';
import { IntervalDto } from '../plan/plan-terms.dto.js';
import { type PlanKind, PLAN_KINDS } from '../plan/plan.js';
import { type Entitlement, ENTITLEMENTS, SUBSCRIPTION_STATES, type SubscriptionState } from './lifecycle.js';
import { type CollectionMode, COLLECTIONS } from './subscription.js';

/** The most units of a plan that one subscription is for. */
export const MOST_UNITS = 100_000;

export class SubscribedPlanDto {
  @Uuid()
  id: string;

  @Text({ max: 60, example: 'pro' })
  code: string;

  @Text({ max: 100, example: 'Pro' })
  title: string;

  @Uuid({ description: 'The version of its terms.' })
  versionId: string;

  @Integer({ min: 1, max: 2 ** 31 - 1, example: 1 })
  number: number;
}

/** Local dates; the last day is included. */
export class DaysDto {
  @Text({ max: 10, example: '2027-01-31' })
  start: string;

  @Text({ max: 10, example: '2027-02-27' })
  end: string;
}

export class ScheduledChangeDto {
  @Uuid()
  planVersionId: string;

  @Integer({ min: 1, max: MOST_UNITS, example: 2 })
  quantity: number;

  @Nested(() => IntervalDto)
  interval: IntervalDto;
}

export class SubscriptionDto {
  @Uuid()
  id: string;

  @Uuid({ nullable: true, description: 'Null: erased.' })
  customerId: string | null;

  @OneOf(SUBSCRIPTION_STATES, { example: 'active' })
  state: SubscriptionState;

  @OneOf(ENTITLEMENTS, {
    example: 'full',
    description:
      'What may be used, which is what others should go by: `full`; `grace`: all of it, though an invoice is not paid; `restricted`; ' +
      '`none`. By the days of the dunning policy; told as `billing.entitlement_changed`.',
  })
  entitlement: Entitlement;

  @Text({
    max: 10,
    nullable: true,
    example: null,
    description: 'The day of the oldest invoice that is not paid; null: nothing is overdue.',
  })
  overdueSince: string | null;

  @OneOf(PLAN_KINDS, { example: 'service' })
  kind: PlanKind;

  @Nested(() => SubscribedPlanDto)
  plan: SubscribedPlanDto;

  @Integer({ min: 1, max: MOST_UNITS, example: 1 })
  quantity: number;

  @MoneyField({
    nullable: true,
    description: 'Of one unit, each period; null: not sold in the currency any more.',
  })
  unitPrice: MoneyDto | null;

  @Nested(() => IntervalDto)
  interval: IntervalDto;

  @Text({
    max: 10,
    example: '2027-01-31',
    description: 'The first day of the first period: all others are counted from it.',
  })
  anchorDate: string;

  @Text({ max: 60, example: 'Europe/Berlin' })
  timeZone: string;

  @Nested(() => DaysDto, { nullable: true, description: 'The last period that was billed.' })
  currentPeriod: DaysDto | null;

  @Instant({ nullable: true, description: 'When the next period is billed; null: none is.' })
  nextBillAt: string | null;

  @Instant({ nullable: true, example: null })
  trialEndsAt: string | null;

  @OneOf(COLLECTIONS, { example: 'automatic' })
  collection: CollectionMode;

  @Bool({
    description:
      'Whether the buyer accounts for the tax: a business of another member state of the EU than the seller’s, by the last check of ' +
      'its VAT id.',
  })
  reverseCharge: boolean;

  @Uuid({ nullable: true, description: 'Null: the default method.' })
  paymentMethodId: string | null;

  @Bool()
  cancelAtPeriodEnd: boolean;

  @Text({ max: 500, nullable: true, example: null })
  cancelReason: string | null;

  @Nested(() => ScheduledChangeDto, { nullable: true, description: 'What begins with the next period.' })
  scheduledChange: ScheduledChangeDto | null;

  @Instant({ nullable: true, example: null, description: 'Until when the first payment is waited for.' })
  expiresAt: string | null;

  @Instant({ nullable: true, example: null })
  pausedAt: string | null;

  @Instant({ nullable: true, example: null })
  endedAt: string | null;

  @Text({
    max: 500,
    nullable: true,
    example: null,
    description: 'Why nothing is billed until staff have looked.',
  })
  parkedReason: string | null;

  @Integer({ min: 1, max: 2 ** 31 - 1, example: 1 })
  version: number;

  @Instant()
  createdAt: string;
}

export class SubscriptionPaymentDto {
  @Uuid()
  id: string;

  @Uuid()
  invoiceId: string;

  @OneOf(PAYMENT_STATUSES, { example: 'requires_action' })
  status: PaymentStatus;

  @Text({ max: 100, nullable: true, example: null, description: 'Why the last attempt failed.' })
  declineCode: string | null;

  @Nested(() => NextActionDto, { nullable: true })
  nextAction: NextActionDto | null;
}

export class BilledPeriodDto {
  @Integer({ min: 0, max: 2 ** 31 - 1, example: 0, description: 'Counts the anchors.' })
  schedule: number;

  @Integer({ min: -1, max: 2 ** 31 - 1, example: 0, description: 'Of its anchor; -1: the days before it.' })
  index: number;

  @Nested(() => DaysDto)
  days: DaysDto;

  @Uuid({ nullable: true, description: 'Null: nothing was invoiced.' })
  invoiceId: string | null;

  @Instant()
  billedAt: string;
}

export class SubscribedItemDto {
  @Nested(() => SubscribedPlanDto)
  plan: SubscribedPlanDto;

  @Integer({ min: 1, max: MOST_UNITS, example: 1 })
  quantity: number;

  @Instant()
  since: string;

  @Instant({ nullable: true, example: null })
  until: string | null;
}

export class SubscriptionDetailDto extends SubscriptionDto {
  @Bool({ description: 'It began without the trial of its plan, since the customer has had that before.' })
  trialUsed: boolean;

  @Nested(() => SubscriptionPaymentDto, {
    nullable: true,
    description: 'Of the oldest invoice that is not paid.',
  })
  payment: SubscriptionPaymentDto | null;

  @ListOf(() => SubscribedItemDto, { max: 10_000, description: 'All that it was for, the oldest first.' })
  items: SubscribedItemDto[];

  @ListOf(() => BilledPeriodDto, { max: 24, description: 'The last ones, the newest first.' })
  periods: BilledPeriodDto[];
}

export class SubscriptionParams {
  @Uuid()
  id: string;
}

export class SubscriptionQuery extends PageQuery {
  @OneOf(SUBSCRIPTION_STATES, { optional: true })
  state?: SubscriptionState;

  @Uuid({ optional: true })
  customerId?: string;

  @Uuid({ optional: true })
  planId?: string;

  @Bool({ optional: true, description: 'Whether it waits for a person.' })
  parked?: boolean;
}
