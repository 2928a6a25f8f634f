import { Money } from '../../platform/money/money.js';

/** One leg of a posting: debit positive, credit negative. */
export interface Leg {
  readonly account: string;
  readonly amount: Money;
}

/** What is written to the books for one fact. The source and kind are unique there: a fact is posted once. */
export interface Posting {
  readonly kind: PostingKind;
  readonly sourceType: 'operation' | 'refund';
  readonly sourceId: string;
  readonly legs: readonly Leg[];
}

export type PostingKind =
  | 'payment_authorized'
  | 'authorization_released'
  | 'payment_captured'
  | 'refund_accepted'
  | 'refund_settled'
  | 'refund_reversed'
  | 'refund_withdrawn';

export const accounts = {
  clearing: (gateway: string) => `assets:provider:${gateway}:clearing`,
  unapplied: 'liab:unapplied',
  refundsPayable: 'liab:refunds_payable',
  refunds: 'contra:refunds',
  authorized: 'memo:authorized',
  authorizedOffset: 'memo:authorized_offset',
} as const;

const move = (debit: string, credit: string, amount: Money): Leg[] => [
  { account: debit, amount },
  { account: credit, amount: amount.negated() },
];

/** Which accounts each fact moves, the table of the books in one place. */
export const postings = {
  authorized: (operationId: string, amount: Money): Posting => ({
    kind: 'payment_authorized',
    sourceType: 'operation',
    sourceId: operationId,
    legs: move(accounts.authorized, accounts.authorizedOffset, amount),
  }),
  authorizationReleased: (operationId: string, amount: Money): Posting => ({
    kind: 'authorization_released',
    sourceType: 'operation',
    sourceId: operationId,
    legs: move(accounts.authorizedOffset, accounts.authorized, amount),
  }),
  /** Without an invoice yet, the money is the customer's: it waits as unapplied. */
  captured: (operationId: string, gateway: string, amount: Money): Posting => ({
    kind: 'payment_captured',
    sourceType: 'operation',
    sourceId: operationId,
    legs: move(accounts.clearing(gateway), accounts.unapplied, amount),
  }),
  refundAccepted: (refundId: string, amount: Money): Posting => ({
    kind: 'refund_accepted',
    sourceType: 'refund',
    sourceId: refundId,
    legs: move(accounts.refunds, accounts.refundsPayable, amount),
  }),
  refundSettled: (refundId: string, gateway: string, amount: Money): Posting => ({
    kind: 'refund_settled',
    sourceType: 'refund',
    sourceId: refundId,
    legs: move(accounts.refundsPayable, accounts.clearing(gateway), amount),
  }),
  /** The gateway took a settled refund back: the money is with us again and still owed. */
  refundReversed: (refundId: string, gateway: string, amount: Money): Posting => ({
    kind: 'refund_reversed',
    sourceType: 'refund',
    sourceId: refundId,
    legs: move(accounts.clearing(gateway), accounts.refundsPayable, amount),
  }),
  /** A refund that came to nothing is owed no longer. */
  refundWithdrawn: (refundId: string, amount: Money): Posting => ({
    kind: 'refund_withdrawn',
    sourceType: 'refund',
    sourceId: refundId,
    legs: move(accounts.refundsPayable, accounts.refunds, amount),
  }),
};
