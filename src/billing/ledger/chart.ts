export const ACCOUNT_TYPES = ['asset', 'liability', 'income', 'contra', 'expense', 'equity', 'memo'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** One kind of account; `{…}` in its code stands for what tells its accounts apart. */
export interface ChartAccount {
  readonly code: string;
  readonly type: AccountType;
  readonly meaning: string;
}

const of = (type: AccountType, accounts: Readonly<Record<string, string>>): ChartAccount[] =>
  Object.entries(accounts).map(([code, meaning]) => ({ code, type, meaning }));

/** The chart of accounts. Nothing is posted to an account that is not in it: a test holds every posting against it. */
export const CHART: readonly ChartAccount[] = [
  ...of('asset', {
    'assets:provider:{gateway}:clearing': 'Captured at a gateway and not yet paid out by it.',
    'assets:disputes:{gateway}': 'Withheld by a gateway until a bank has decided.',
    'assets:bank': 'Money in the bank: transfers that came in, and payouts of gateways.',
    'assets:cash': 'Money in the till.',
    'assets:other': 'Money that came in another way.',
    'assets:ar': 'Invoiced and not yet paid.',
  }),
  ...of('liability', {
    'liab:unapplied': 'Money of customers that no invoice has taken yet.',
    'liab:refunds_payable': 'Refunds that are accepted and not yet settled.',
    'liab:gift_cards': 'What gift cards can still buy.',
    'liab:store_credit': 'What customers have as store credit.',
    'liab:deferred_revenue': 'Charged for days of subscriptions that are still to come, net.',
    'liab:tax:{jurisdiction}:{rate}': 'Tax of one jurisdiction and rate, owed to its authority.',
  }),
  ...of('income', {
    'income:sales': 'Goods that were invoiced, net.',
    'income:shipping': 'Shipping that was invoiced, net.',
    'income:subscription': 'Days of subscriptions that are over, set-up and usage, net.',
    'income:store_credit_expired': 'Store credit that nobody has spent in time.',
  }),
  ...of('contra', {
    'contra:refunds': 'Income that went back to customers, net.',
    'contra:discounts': 'Income that was given up for promotions.',
  }),
  ...of('expense', {
    'expense:provider_fees': 'What gateways keep for their work.',
    'expense:dispute_fees': 'What gateways ask for disputes.',
    'expense:bad_debt': 'Lost disputes, and invoices that nobody expects to be paid.',
    'expense:gift_cards': 'Gift cards that the shop has given away.',
    'expense:store_credit': 'Store credit that the shop has given away.',
    'expense:rounding': 'Differences of rounding.',
  }),
  ...of('equity', {
    fx_clearing: 'Both legs of an exchange of currencies.',
    'equity:opening_balance': 'What accounts held when the books began.',
  }),
  ...of('memo', {
    'memo:authorized': 'Held at gateways and not captured; beside the balance sheet.',
    'memo:authorized_offset': 'The other side of it.',
  }),
];

const patterns = CHART.map((account) => ({
  account,
  pattern: new RegExp(`^${account.code.replace(/\{\w+\}/g, '[^:]+')}$`),
}));

/** The kind of this account; null when the chart knows none. */
export const chartAccountOf = (code: string): ChartAccount | null =>
  patterns.find(({ pattern }) => pattern.test(code))?.account ?? null;
