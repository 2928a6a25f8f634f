import type Stripe from 'stripe';
import { Money } from '../../platform/money/money.js';
import { meaningOf } from './declines.js';
import type {
  Advice,
  Declined,
  GatewayDispute,
  GatewayOutcome,
  GatewaySnapshot,
  MethodView,
  SetupOutcome,
} from './payment-gateway.port.js';
import { cutFromStripe, fromStripe } from './stripe-gateway.amounts.js';

/*
 * Our operations leave their ids in the metadata of what they touch: `operation_id` on a payment intent and on a refund, and on the
 * intent `c_<id>` (the amount) for each capture and `v_<id>` for a void, which have no object of their own.
 */
export const captureMark = (operationId: string): string => `c_${operationId}`;
export const voidMark = (operationId: string): string => `v_${operationId}`;

/** How far a payment intent has come. It takes no step back except to another attempt, which for us is another intent. */
const INTENT_RANKS: Readonly<Record<string, number>> = {
  requires_payment_method: 1,
  requires_confirmation: 1,
  requires_action: 2,
  processing: 3,
  requires_capture: 4,
  succeeded: 5,
  canceled: 6,
};
const REFUND_RANKS: Readonly<Record<string, number>> = {
  pending: 1,
  requires_action: 1,
  succeeded: 2,
  failed: 3,
  canceled: 3,
};
export const intentRank = (status: string): number => INTENT_RANKS[status] ?? 0;
export const refundRank = (status: string | null): number => REFUND_RANKS[status ?? ''] ?? 0;

const ADVICE_CODES: Readonly<Record<string, Advice>> = {
  try_again_later: 'retry',
  confirm_card_data: 'new_method',
  do_not_try_again: 'never',
};
/** Stripe's word for what banks call a failed authentication. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  payment_intent_authentication_failure: 'authentication_failed',
  setup_intent_authentication_failure: 'authentication_failed',
};

interface Decline {
  readonly code?: string | undefined;
  readonly decline_code?: string | undefined;
  readonly advice_code?: string | undefined;
}

/** A decline in our words. What the bank itself advises counts more than what its code usually means. */
export function declined(ref: string | null, version: number, error: Decline | null): Declined {
  // The SDK says an empty word where Stripe says nothing.
  const told =
    [error?.decline_code, error?.code].find((word) => word !== undefined && word !== '') ?? 'declined';
  const code = OTHER_WORDS[told] ?? told;
  const { hard, advice } = meaningOf(code);
  const bankAdvises = ADVICE_CODES[error?.advice_code ?? ''] ?? advice;
  return { kind: 'declined', ref, version, code, hard: hard || bankAdvises === 'never', advice: bankAdvises };
}

/** What became of the attempt that made an intent. */
export function authorizeOutcome(intent: Stripe.PaymentIntent): GatewayOutcome {
  const { id: ref, status, currency, capture_method } = intent;
  const version = intentRank(status);
  const charge = chargeOf(intent);
  const isManual = capture_method === 'manual';
  switch (status) {
    case 'succeeded':
    case 'requires_capture':
      return held(isManual ? intent.amount : intent.amount_received, !isManual);
    case 'canceled':
      // A hold that was released later was a success when it was made.
      return isManual && charge?.status === 'succeeded'
        ? held(intent.amount, false)
        : declined(ref, version, { code: 'canceled' });
    case 'requires_action': {
      const url = intent.next_action?.redirect_to_url?.url ?? null;
      return url === null
        ? { kind: 'pending', ref, version }
        : { kind: 'action_required', ref, version, next: { type: 'redirect', url } };
    }
    case 'requires_payment_method':
      return declined(ref, version, intent.last_payment_error);
    case 'processing':
    case 'requires_confirmation':
    default:
      return { kind: 'pending', ref, version };
  }

  function held(amount: number, captured: boolean): GatewayOutcome {
    const before = charge?.payment_method_details?.card?.capture_before;
    return {
      kind: 'ok',
      ref,
      version,
      amount: fromStripe(amount, currency),
      captured,
      captureBefore: status === 'requires_capture' && before ? new Date(before * 1000) : null,
      method: charge && methodOfCharge(charge, idOf(intent.customer)),
      risk: charge?.outcome?.risk_score ?? null,
    };
  }
}

export function refundOutcome(ref: string, refund: Stripe.Refund): GatewayOutcome {
  const version = refundRank(refund.status);
  switch (refund.status) {
    case 'succeeded':
      return { ...plain(ref, version), amount: fromStripe(refund.amount, refund.currency), captured: false };
    case 'failed':
    case 'canceled':
      return declined(ref, version, { code: refund.failure_reason ?? 'refund_failed' });
    case null:
    default:
      return { kind: 'pending', ref, version };
  }
}

/** An intent with its refunds and disputes, as one view of the charge. */
export function snapshotOf(
  intent: Stripe.PaymentIntent,
  refunds: readonly Stripe.Refund[],
  disputes: readonly Stripe.Dispute[],
): GatewaySnapshot {
  const { id: ref, status, currency, metadata } = intent;
  const money = (amount: number) => fromStripe(amount, currency);
  const version = intentRank(status);
  const released =
    status === 'canceled' || (status === 'succeeded' && intent.amount_received < intent.amount);
  return {
    ref,
    version,
    captured: money(intent.amount_received),
    refunded: money(
      refunds.filter((each) => each.status === 'succeeded').reduce((sum, each) => sum + each.amount, 0),
    ),
    released,
    disputes: disputes.flatMap((each) => disputeOf(each) ?? []),
    outcomeOf(operationId) {
      if (metadata.operation_id === operationId) return authorizeOutcome(intent);
      const refund = refunds.find((each) => each.metadata?.operation_id === operationId);
      if (refund) return refundOutcome(ref, refund);
      const captured = metadata[captureMark(operationId)];
      if (captured !== undefined)
        return { ...plain(ref, version), amount: money(Number(captured)), captured: true };
      // The mark is set before the void itself: as long as something is held, nobody knows.
      return metadata[voidMark(operationId)] !== undefined && released
        ? { ...plain(ref, version), amount: money(intent.amount - intent.amount_received), captured: false }
        : null;
    },
  };
}

export function setupOutcomeOf(intent: Stripe.SetupIntent): SetupOutcome {
  const { id: ref, status } = intent;
  const method = typeof intent.payment_method === 'object' ? intent.payment_method : null;
  const url = intent.next_action?.redirect_to_url?.url;
  if (status === 'succeeded' && method) return { kind: 'ok', ref, method: methodView(method) };
  if (status === 'requires_action' && url)
    return { kind: 'action_required', ref, next: { type: 'redirect', url } };
  if (status === 'processing' || status === 'requires_action') return { kind: 'pending', ref };
  return declined(ref, 1, intent.last_setup_error ?? { code: status });
}

/** What a bank takes back. An inquiry moves no money and is not one yet. */
function disputeOf(dispute: Stripe.Dispute): GatewayDispute | null {
  const status = { needs_response: 'open', under_review: 'open', won: 'won', lost: 'lost' } as const;
  const known = status[dispute.status as keyof typeof status] ?? null;
  if (known === null) return null;
  const [first] = dispute.balance_transactions;
  const currency = first?.currency ?? dispute.currency;
  const told = dispute.balance_transactions.reduce((sum, each) => sum + each.fee, 0);
  const fee = cutFromStripe(told, currency);
  const due = dispute.evidence_details.due_by;
  return {
    ref: dispute.id,
    amount: fromStripe(dispute.amount, dispute.currency),
    status: known,
    reason: dispute.reason,
    fee: fee.isExact
      ? Money.of(fee.units, currency.toUpperCase())
      : Money.zero(dispute.currency.toUpperCase()),
    evidenceDueAt: due === null ? null : new Date(due * 1000),
  };
}

function methodOfCharge(charge: Stripe.Charge, customerRef: string | null): MethodView | null {
  const card = charge.payment_method_details?.card;
  if (!card || charge.payment_method === null) return null;
  return {
    ref: charge.payment_method,
    customerRef,
    brand: card.brand ?? 'unknown',
    last4: card.last4 ?? '',
    expiryMonth: card.exp_month,
    expiryYear: card.exp_year,
    fingerprint: card.fingerprint ?? null,
  };
}

/** A kept method; one that is no card shows its kind in place of a brand. */
function methodView(method: Stripe.PaymentMethod): MethodView {
  const { card } = method;
  return {
    ref: method.id,
    customerRef: idOf(method.customer),
    brand: card?.brand ?? method.type,
    last4: card?.last4 ?? method.sepa_debit?.last4 ?? '',
    expiryMonth: card?.exp_month ?? 12,
    expiryYear: card?.exp_year ?? 9999,
    fingerprint: card?.fingerprint ?? method.sepa_debit?.fingerprint ?? null,
  };
}

export const chargeOf = ({ latest_charge }: Stripe.PaymentIntent): Stripe.Charge | null =>
  typeof latest_charge === 'object' ? latest_charge : null;

export const idOf = (thing: string | { id: string } | null | undefined): string | null =>
  typeof thing === 'string' ? thing : (thing?.id ?? null);

const plain = (ref: string, version: number) =>
  ({ kind: 'ok', ref, version, captureBefore: null, method: null, risk: null }) as const;
