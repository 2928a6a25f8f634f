import { Money } from '../../platform/money/money.js';

/** One leg of a posting: debit positive, credit negative. */
export interface Leg {
  readonly account: string;
  readonly amount: Money;
}

/** What is written to the books for one fact. The source and kind are unique there: a fact is posted once. */
export interface Posting {
  readonly kind: PostingKind;
  readonly sourceType:
    | 'operation'
    | 'refund'
    | 'gift_card_entry'
    | 'store_credit_entry'
    | 'invoice'
    | 'invoice_settlement'
    | 'credit_note'
    | 'refund_document'
    | 'dispute'
    | 'lost_dispute'
    | 'receipt'
    | 'settlement_line'
    | 'revenue_recognition';
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
  | 'refund_withdrawn'
  | 'dispute_opened'
  | 'dispute_fee'
  | 'dispute_won'
  | 'dispute_lost'
  | 'dispute_written_off'
  | 'dispute_recovered'
  // What is booked from a gateway's own account stands in reconciliation/settlement.ts.
  | 'gateway_fee'
  | 'gateway_payout'
  | 'gateway_opening'
  | 'gift_card_issued'
  | 'gift_card_redeemed'
  | 'gift_card_given_back'
  | 'gift_card_canceled'
  | 'store_credit_issued'
  | 'store_credit_adjusted'
  | 'store_credit_refunded'
  | 'store_credit_spent'
  | 'store_credit_expired'
  // The postings of documents stand in invoice/invoice-posting.ts.
  | 'invoice_finalized'
  | 'invoice_voided'
  | 'invoice_settled'
  | 'invoice_written_off'
  | 'invoice_recovered'
  | 'credit_note_issued'
  | 'refund_given_away'
  | 'refund_accounted_for'
  | 'revenue_recognised';

/** Where money is that came without a gateway. */
const WITHOUT_GATEWAY: Readonly<Record<string, string>> = {
  bank_transfer: 'assets:bank',
  cash: 'assets:cash',
  other: 'assets:other',
};

export const accounts = {
  clearing: (gateway: string) => WITHOUT_GATEWAY[gateway] ?? `assets:provider:${gateway}:clearing`,
  disputes: (gateway: string) => `assets:disputes:${gateway}`,
  disputeFees: 'expense:dispute_fees',
  providerFees: 'expense:provider_fees',
  badDebt: 'expense:bad_debt',
  unapplied: 'liab:unapplied',
  receivable: 'assets:ar',
  bank: 'assets:bank',
  openingBalance: 'equity:opening_balance',
  refundsPayable: 'liab:refunds_payable',
  refunds: 'contra:refunds',
  deferredRevenue: 'liab:deferred_revenue',
  subscription: 'income:subscription',
  giftCards: 'liab:gift_cards',
  giftsGiven: 'expense:gift_cards',
  storeCredit: 'liab:store_credit',
  creditGiven: 'expense:store_credit',
  creditLapsed: 'income:store_credit_expired',
  authorized: 'memo:authorized',
  authorizedOffset: 'memo:authorized_offset',
} as const;

const move = (debit: string, credit: string, amount: Money): Leg[] => [
  { account: debit, amount },
  { account: credit, amount: amount.negated() },
];

/** What stands against a card: the money of who bought it, or what the house gave away. */
const giver = (isSold: boolean): string => (isSold ? accounts.unapplied : accounts.giftsGiven);

const giftCard = (kind: PostingKind, entryId: string, legs: Leg[]): Posting => ({
  kind,
  sourceType: 'gift_card_entry',
  sourceId: entryId,
  legs,
});

const storeCredit = (kind: PostingKind, entryId: string, legs: Leg[]): Posting => ({
  kind,
  sourceType: 'store_credit_entry',
  sourceId: entryId,
  legs,
});

const dispute = (kind: PostingKind, disputeId: string, legs: Leg[]): Posting => ({
  kind,
  sourceType: 'dispute',
  sourceId: disputeId,
  legs,
});

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
  /** Money that came without a gateway: into the bank, or into the till. */
  received: (receiptId: string, method: string, amount: Money): Posting => ({
    kind: 'payment_captured',
    sourceType: 'receipt',
    sourceId: receiptId,
    legs: move(accounts.clearing(method), accounts.unapplied, amount),
  }),
  /**
   * What goes back is the customer's own money, whether an invoice ever took it or not: a credit note puts there what it gives
   * back, so that only what was invoiced, and is credited, is income that was lost.
   */
  refundAccepted: (refundId: string, amount: Money): Posting => ({
    kind: 'refund_accepted',
    sourceType: 'refund',
    sourceId: refundId,
    legs: move(accounts.unapplied, accounts.refundsPayable, amount),
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
    legs: move(accounts.refundsPayable, accounts.unapplied, amount),
  }),
  /** The gateway withholds what a bank has taken back, until somebody has decided. */
  disputeOpened: (disputeId: string, gateway: string, amount: Money): Posting =>
    dispute(
      'dispute_opened',
      disputeId,
      move(accounts.disputes(gateway), accounts.clearing(gateway), amount),
    ),
  /** By so much more, or, below zero, less than before: as if another one was opened, or some of it was won. */
  disputeChanged: (id: string, gateway: string, more: Money): Posting =>
    more.isNegative()
      ? postings.disputeWon(id, gateway, more.negated())
      : postings.disputeOpened(id, gateway, more),
  disputeFee: (disputeId: string, gateway: string, fee: Money): Posting =>
    dispute('dispute_fee', disputeId, move(accounts.disputeFees, accounts.clearing(gateway), fee)),
  disputeWon: (disputeId: string, gateway: string, amount: Money): Posting =>
    dispute('dispute_won', disputeId, move(accounts.clearing(gateway), accounts.disputes(gateway), amount)),
  /** The bank has given it back to the buyer, to whom nobody owes it any more. What an invoice had taken of it is a loss besides. */
  disputeLost: (disputeId: string, gateway: string, amount: Money): Posting =>
    dispute('dispute_lost', disputeId, move(accounts.unapplied, accounts.disputes(gateway), amount)),
  /** A card is owed to whoever holds its code: no revenue, and no tax, before it is spent. */
  giftCardIssued: (entryId: string, isSold: boolean, amount: Money): Posting =>
    giftCard('gift_card_issued', entryId, move(giver(isSold), accounts.giftCards, amount)),
  giftCardCanceled: (entryId: string, isSold: boolean, amount: Money): Posting =>
    giftCard('gift_card_canceled', entryId, move(accounts.giftCards, giver(isSold), amount)),
  /** Spent, it is money of the order that it pays. */
  giftCardRedeemed: (entryId: string, amount: Money): Posting =>
    giftCard('gift_card_redeemed', entryId, move(accounts.giftCards, accounts.unapplied, amount)),
  giftCardGivenBack: (entryId: string, amount: Money): Posting =>
    giftCard('gift_card_given_back', entryId, move(accounts.refundsPayable, accounts.giftCards, amount)),
  /** Given by staff, and owed to the customer from then on; below zero it is taken back. */
  storeCreditIssued: (entryId: string, amount: Money): Posting =>
    storeCredit('store_credit_issued', entryId, move(accounts.creditGiven, accounts.storeCredit, amount)),
  storeCreditAdjusted: (entryId: string, amount: Money): Posting =>
    storeCredit('store_credit_adjusted', entryId, move(accounts.creditGiven, accounts.storeCredit, amount)),
  /** A refund that was accepted is paid out as credit. */
  storeCreditRefunded: (entryId: string, amount: Money): Posting =>
    storeCredit(
      'store_credit_refunded',
      entryId,
      move(accounts.refundsPayable, accounts.storeCredit, amount),
    ),
  /** Spent, it is money of the order that it pays. */
  storeCreditSpent: (entryId: string, amount: Money): Posting =>
    storeCredit('store_credit_spent', entryId, move(accounts.storeCredit, accounts.unapplied, amount)),
  storeCreditExpired: (entryId: string, amount: Money): Posting =>
    storeCredit('store_credit_expired', entryId, move(accounts.storeCredit, accounts.creditLapsed, amount)),
  /** A day of what was charged for days to come is over. */
  revenueRecognised: (recognitionId: string, amount: Money): Posting => ({
    kind: 'revenue_recognised',
    sourceType: 'revenue_recognition',
    sourceId: recognitionId,
    legs: move(accounts.deferredRevenue, accounts.subscription, amount),
  }),
};
