import type Stripe from 'stripe';
import type { SettlementLine } from './payment-gateway.port.js';
import { asToldByStripe, cutFromStripe } from './stripe-gateway.amounts.js';
import { idOf } from './stripe-gateway.answers.js';

const DAY = 86_400_000;
const KINDS: Readonly<Record<string, SettlementLine['kind']>> = {
  charge: 'charge',
  payment: 'charge',
  refund: 'refund',
  payment_refund: 'refund',
  refund_failure: 'refund',
  payment_failure_refund: 'refund',
  payment_reversal: 'refund',
  payout: 'payout',
  payout_cancel: 'payout',
  payout_failure: 'payout',
  stripe_fee: 'fee',
  stripe_fx_fee: 'fee',
  tax_fee: 'fee',
  network_cost: 'fee',
};

interface Source {
  readonly object?: string;
  readonly id?: string;
  readonly payment_intent?: string | Stripe.PaymentIntent | null;
  readonly metadata?: Stripe.Metadata | null;
}

/** The balance transactions of a span of time, in slices of a day because Stripe lists the newest first. */
export async function* stripeSettlement(
  { balanceTransactions }: Stripe,
  from: Date,
  to: Date,
): AsyncIterable<SettlementLine> {
  for (let start = from.getTime(); start < to.getTime(); start += DAY) {
    const end = Math.min(start + DAY, to.getTime());
    const slice = await balanceTransactions
      .list({
        created: { gte: Math.ceil(start / 1000), lt: Math.ceil(end / 1000) },
        limit: 100,
        expand: ['data.source', 'data.source.payment_intent'],
      })
      .autoPagingToArray({ limit: 10_000 });
    for (const transaction of slice.reverse()) {
      if (transaction.type !== 'payout') {
        yield* linesOf(transaction, null);
        continue;
      }
      // A transaction does not say where it was paid out to: the payout says what it was made of.
      const payout = idOf(transaction.source as Source as { id: string }) ?? transaction.id;
      const parts = await balanceTransactions
        .list({ payout, limit: 100, expand: ['data.source', 'data.source.payment_intent'] })
        .autoPagingToArray({ limit: 10_000 });
      for (const part of parts.reverse()) if (part.id !== transaction.id) yield* linesOf(part, payout);
      yield* linesOf(transaction, payout);
    }
  }
}

/** What a dispute costs stands in its own movement at Stripe; here it is a fact of its own, as its posting is. */
function linesOf(transaction: Stripe.BalanceTransaction, payoutRef: string | null): SettlementLine[] {
  const line = lineOf(transaction, payoutRef);
  if (line.kind !== 'dispute' || line.fee === 0n) return [line];
  const fee = { ...line, id: `${line.id}_fee`, kind: 'dispute_fee', amount: -line.fee, fee: 0n } as const;
  const { isExact } = cutFromStripe(transaction.amount, transaction.currency);
  return [{ ...line, fee: 0n, told: isExact ? null : line.told }, fee];
}

function lineOf(transaction: Stripe.BalanceTransaction, payoutRef: string | null): SettlementLine {
  const source = (typeof transaction.source === 'object' ? transaction.source : null) as Source | null;
  const isDispute = source?.object === 'dispute';
  const { currency } = transaction;
  const [amount, fee] = [
    cutFromStripe(transaction.amount, currency),
    cutFromStripe(transaction.fee, currency),
  ];
  const isExact = amount.isExact && fee.isExact;
  const kind = isDispute ? 'dispute' : (KINDS[transaction.type] ?? 'other');
  return {
    id: transaction.id,
    kind,
    ref: kind === 'payout' ? (source?.id ?? payoutRef) : idOf(source?.payment_intent),
    operationId: isDispute ? null : operationOf(transaction, source),
    amount: amount.units,
    fee: fee.units,
    currency: currency.toUpperCase(),
    told: isExact ? null : toldOf(transaction),
    at: new Date(transaction.created * 1000),
    payoutRef,
  };
}

/** Stripe counts some currencies in hundredths that have none, and its fees are not always whole; of some it alone knows the units. */
const toldOf = ({ amount, fee, currency }: Stripe.BalanceTransaction): string =>
  `amount ${asToldByStripe(amount, currency)}, fee ${asToldByStripe(fee, currency)} ${currency.toUpperCase()}`;

/** A capture leaves its id and its amount on the intent: of several, the one of this amount is meant where only one is. */
function operationOf({ amount }: Stripe.BalanceTransaction, source: Source | null): string | null {
  const intent = typeof source?.payment_intent === 'object' ? source.payment_intent : null;
  const captures = Object.entries(intent?.metadata ?? {}).filter(([mark]) => mark.startsWith('c_'));
  if (source?.object !== 'charge' || captures.length === 0) return source?.metadata?.operation_id ?? null;
  const [fits, ...others] =
    captures.length === 1 ? captures : captures.filter(([, of]) => Number(of) === amount);
  return fits && others.length === 0 ? fits[0].slice(2) : null;
}
