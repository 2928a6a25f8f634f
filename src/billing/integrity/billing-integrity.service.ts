import {
  type IntegrityCheck,
  type IntegrityCheckProvider,
  IntegrityChecks,
} from '../../platform/integrity/integrity.js';
import { BILLING_SUBJECTS, BillingIntegrityRepository, type BillingSubject } from './integrity.repository.js';

type Promised = Pick<IntegrityCheck, 'code' | 'subjectType' | 'promise'>;

/** What billing promises about its money. */
@IntegrityChecks()
export class BillingIntegrity implements IntegrityCheckProvider {
  readonly name = 'billing';
  readonly checks: readonly IntegrityCheck[];

  constructor(rows: BillingIntegrityRepository) {
    this.checks = BILLING_SUBJECTS.map((of) => ({
      ...PROMISES[of],
      subjects: (after, limit) => rows.subjects(of, after, limit),
      look: (ids) => rows.look(of, ids),
    }));
  }
}

const PROMISES: Readonly<Record<BillingSubject, Promised>> = {
  ledger: {
    code: 'billing.ledger_balanced',
    subjectType: 'ledger_transaction',
    promise: 'Every transaction of the ledger sums to zero in each currency.',
  },
  account: {
    code: 'billing.accounts_backed',
    subjectType: 'ledger_account',
    promise:
      'What the books owe for gift cards, store credit and refunds is the sum of the balances and open refunds, and what they hold ' +
      'of subscriptions that of the days to come; income went back as far as credit notes say, or nobody wanted one; open disputes ' +
      'are withheld, and debts are bad where they were given up or lost.',
  },
  payment: {
    code: 'billing.payment_amounts',
    subjectType: 'payment',
    promise:
      'A payment has captured what its operations brought, and refunded no more than that, refund by refund.',
  },
  giftCard: {
    code: 'billing.gift_card_balance',
    subjectType: 'gift_card',
    promise: 'The balance of a gift card is the sum of its entries, and the books owe as much.',
  },
  storeCredit: {
    code: 'billing.store_credit_balance',
    subjectType: 'store_credit',
    promise: 'The balance of store credit is the sum of its entries, and the books owe as much.',
  },
  invoice: {
    code: 'billing.invoice_receivables',
    subjectType: 'invoice',
    promise:
      'What the books say is owed on an invoice is its total less what has settled it, and no more is credited than it charged.',
  },
  tax: {
    code: 'billing.tax_documents',
    subjectType: 'ledger_account',
    promise: 'The tax that the books owe is that of all invoices less that of all credit notes.',
  },
  subscription: {
    code: 'billing.subscription_billing',
    subjectType: 'subscription',
    promise: 'Whoever subscribes is billed next at some moment, and period follows period without a gap.',
  },
  dispute: {
    code: 'billing.lost_disputes',
    subjectType: 'dispute',
    promise:
      'What a bank took back is a loss as far as an invoice had taken it, and else nobody owes it any more.',
  },
  series: {
    code: 'billing.number_gaps',
    subjectType: 'number_series',
    promise: 'Every number of a series belongs to one document, and none is missing.',
  },
};
