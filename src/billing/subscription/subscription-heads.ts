import type { OperationOptions } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { couponProblems } from '../coupon/coupon.errors.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { NextInvoiceDto, SubscriptionChangePreviewDto } from './subscription-change.dto.js';
import { SubscriptionDetailDto } from './subscription.dto.js';
import { subscriptionProblems } from './subscription.errors.js';

type Head = Omit<OperationOptions, 'id' | 'description'>;

const { not_found, stale_version } = platformProblems;
const { subscription_state, subscription_renewing, change_not_possible } = subscriptionProblems;
const { quote_stale, quote_used } = subscriptionProblems;

const stepped = { 200: SubscriptionDetailDto };
const stepping = [not_found, subscription_state, stale_version];
const changing = [not_found, subscription_state, subscription_renewing, change_not_possible];

export const BUYER_EXAMPLE = {
  firstName: 'Ada',
  lastName: 'Byron',
  line1: 'Unter den Linden 1',
  city: 'Berlin',
  postalCode: '10117',
  country: 'DE',
};

/** What the document says of the operations that customers have on their own subscriptions, and staff on everybody's. */
export const heads = {
  open: {
    answers: { 201: SubscriptionDetailDto, 202: SubscriptionDetailDto },
    problems: [
      subscriptionProblems.plan_not_sold,
      subscriptionProblems.seller_unknown,
      methodProblems.no_payment_method,
      paymentProblems.unknown_gateway,
      couponProblems.coupon_not_valid,
    ],
    idempotency: 'steps',
  },
  nextInvoice: {
    summary: 'Shows what the next invoice will say',
    description:
      'If nothing is changed before; `at` is null when none is made, also where it cannot be said what the period will cost: the ' +
      'subscription waits for a person then (`parkedReason`).',
    answers: { 200: NextInvoiceDto },
    problems: [not_found],
  },
  preview: {
    summary: 'Shows what another plan or quantity would come to',
    answers: { 200: SubscriptionChangePreviewDto },
    problems: changing,
  },
  change: {
    summary: 'Makes a change as it was shown',
    description:
      '409 `billing.quote_stale` brings what it would come to now; nothing was changed or billed then. A quote is confirmed once: 409 ' +
      '`billing.quote_used` says that its change was made. What is billed now, and collected by itself, is charged within a moment ' +
      'after the answer; its invoice says when it is paid.',
    answers: stepped,
    problems: [...changing, quote_stale, quote_used],
    idempotency: 'required',
  },
  dropChange: {
    summary: 'Takes back a change that waits for the next period',
    description: 'The subscription stays what it is. 409 when nothing waits.',
    answers: stepped,
    problems: stepping,
  },
  cancel: {
    summary: 'Ends a subscription',
    answers: stepped,
    problems: stepping,
    idempotency: 'accepted',
  },
  keep: {
    summary: 'Takes back a cancellation',
    description: 'Until the period is over. 409 when it was not to end.',
    answers: stepped,
    problems: stepping,
  },
  pause: {
    summary: 'Pauses a subscription',
    description:
      'At once, and no period is billed until it is resumed. What was used so far, and what waits for the next invoice, is invoiced and ' +
      'collected now: a coupon of a part takes it off what was used, as of a cycle that it has, and of an amount waits for the next ' +
      'cycle. 409 while something is owed.',
    answers: stepped,
    problems: stepping,
    idempotency: 'accepted',
  },
  resume: {
    summary: 'Goes on with a subscription',
    description:
      'With the period that was paid, when it still runs; otherwise a new one begins today and is billed, and charged within a moment ' +
      'where it is collected by itself. What was skipped is not. ' +
      '409 while something is owed, or when there is nothing to pay with.',
    answers: stepped,
    problems: stepping,
    idempotency: 'accepted-steps',
  },
  release: {
    summary: 'Bills a subscription again that waits for a person',
    answers: stepped,
    problems: stepping,
    idempotency: 'accepted-steps',
  },
} satisfies Record<string, Partial<Head> & { description?: string }>;
