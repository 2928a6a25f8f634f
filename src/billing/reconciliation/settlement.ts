import { Money } from '../../platform/money/money.js';
import type { SettlementLine } from '../gateway/payment-gateway.port.js';
import { accounts, type Posting } from '../ledger/posting.js';

export const LINE_STATUSES = ['matched', 'missing_here', 'amount_diff', 'fee_unbooked', 'duplicate'] as const;
export type LineStatus = (typeof LINE_STATUSES)[number];
export const CASE_KINDS = [
  'missing_here',
  'missing_there',
  'amount_diff',
  'fee_unbooked',
  'duplicate',
] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

/** A line as it is kept. */
export interface KeptLine extends Omit<SettlementLine, 'id'> {
  readonly id: string;
  readonly gateway: string;
  readonly lineId: string;
  readonly status: LineStatus;
  readonly transactionId: string | null;
  /** Minor units of its fee, or of its payout, that are in the books. */
  readonly booked: bigint;
}

/** A posting that may say the same as a line. */
export interface Candidate {
  readonly transactionId: string;
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  /** How it moves the account at the gateway. */
  readonly moved: bigint;
  /** The line that it belongs to already. */
  readonly takenBy: string | null;
}

export interface Verdict {
  readonly status: LineStatus;
  /** The posting that is meant, also where it says another amount. */
  readonly candidate: Candidate | null;
  /** How the books have moved the account, and how the gateway says that it moved: less the fee where that is what differs. */
  readonly expected: bigint | null;
  readonly found: bigint;
}

/** The kinds of postings that a line is held against; none: nothing here can say the same. */
export function kindsFor({ kind, amount }: Pick<KeptLine, 'kind' | 'amount'>): Posting['kind'][] {
  switch (kind) {
    case 'charge':
      return amount > 0n ? ['payment_captured'] : [];
    case 'refund':
      return [amount < 0n ? 'refund_settled' : 'refund_reversed'];
    case 'dispute':
      return [amount < 0n ? 'dispute_opened' : 'dispute_won'];
    case 'dispute_fee':
      return ['dispute_fee'];
    case 'fee':
    case 'payout':
    case 'other':
      return [];
  }
}

/** What a line is, beside the postings that could be meant. What is told in parts of a minor unit is for a person, whatever it is. */
export function verdictOn(line: KeptLine, candidates: readonly Candidate[]): Verdict {
  const verdict = wholeVerdictOn(line, candidates);
  if (line.told === null || verdict.status !== 'matched') return verdict;
  const isFee = line.fee !== 0n || line.kind === 'fee' || line.kind === 'charge';
  return isFee
    ? { ...verdict, status: 'fee_unbooked', expected: null, found: -keptOf(line) }
    : { ...verdict, status: 'amount_diff' };
}

/** Fees and payouts are booked from their lines, so they always fit. */
function wholeVerdictOn(line: KeptLine, candidates: readonly Candidate[]): Verdict {
  if (line.kind === 'fee' || line.kind === 'payout') {
    const due = dueOf(line);
    const isBooked = line.booked === 0n || line.booked === due;
    return {
      status: isBooked ? 'matched' : 'amount_diff',
      candidate: null,
      expected: isBooked ? null : -line.booked,
      found: isBooked ? line.amount : -due,
    };
  }
  const free = candidates.filter(({ takenBy }) => takenBy === null || takenBy === line.id);
  const candidate = free.find(({ moved }) => moved === line.amount) ?? free[0] ?? null;
  if (candidate !== null) {
    // A fee that was booked and is told otherwise later is no less of a difference.
    const due = dueOf(line);
    const isFeeAnother = line.booked !== 0n && line.booked !== due;
    const expected = isFeeAnother ? candidate.moved - line.booked : candidate.moved;
    const found = isFeeAnother ? line.amount - due : line.amount;
    const isSame = candidate.moved === line.amount && !isFeeAnother;
    return { status: isSame ? 'matched' : 'amount_diff', candidate, expected, found };
  }
  const none = { candidate: null, found: line.amount } as const;
  const [taken] = candidates;
  if (taken !== undefined) return { ...none, status: 'duplicate', expected: taken.moved };
  return {
    ...none,
    status: line.kind === 'dispute_fee' ? 'fee_unbooked' : 'missing_here',
    expected: null,
  };
}

/** Minor units that the books have to take out of the account for the fee of a line, and for a payout itself. */
export function dueOf(line: Pick<KeptLine, 'kind' | 'amount' | 'fee' | 'told'>): bigint {
  const { kind, amount, fee, told } = line;
  if (told !== null) return 0n;
  switch (kind) {
    case 'charge':
    case 'refund':
      return fee;
    case 'fee':
    case 'payout':
      return fee - amount;
    // The news of a dispute bring its fee with them, and they alone.
    case 'dispute':
    case 'dispute_fee':
    case 'other':
      return 0n;
  }
}

/** What the gateway keeps because of a line. */
const keptOf = ({ kind, amount, fee }: Pick<KeptLine, 'kind' | 'amount' | 'fee'>): bigint =>
  kind === 'fee' ? fee - amount : fee;

/** What the account held because of a line that is older than the books. */
export function openingOf({ id, gateway, amount, fee, currency }: KeptLine): Posting[] {
  const money = Money.of(amount - fee, currency);
  const legs = [
    { account: accounts.clearing(gateway), amount: money },
    { account: accounts.openingBalance, amount: money.negated() },
  ];
  return money.isZero()
    ? []
    : [{ kind: 'gateway_opening', sourceType: 'settlement_line', sourceId: id, legs }];
}

/** What is booked for a line by itself: what the gateway keeps, and what it has sent to the bank. */
export function postingsOf({ id, gateway, kind, amount, fee, currency }: KeptLine): Posting[] {
  const clearing = accounts.clearing(gateway);
  const of = (posting: 'gateway_fee' | 'gateway_payout', account: string, units: bigint): Posting[] => {
    const money = Money.of(units, currency);
    const legs = [
      { account, amount: money },
      { account: clearing, amount: money.negated() },
    ];
    return units === 0n ? [] : [{ kind: posting, sourceType: 'settlement_line', sourceId: id, legs }];
  };
  const kept = keptOf({ kind, amount, fee });
  return [
    ...(kind === 'dispute' || kind === 'dispute_fee' || kind === 'other'
      ? []
      : of('gateway_fee', accounts.providerFees, kept)),
    ...(kind === 'payout' ? of('gateway_payout', accounts.bank, -amount) : []),
  ];
}
