import { defineProblems } from '../../platform/http/problem.js';

const money = (description: string) => ({
  description,
  schema: { $ref: '#/components/schemas/MoneyDto' },
  example: { amount: 1999, currency: 'EUR' },
});

export const invoiceProblems = defineProblems('billing', {
  invoice_invalid: {
    status: 422,
    title: 'The invoice breaks a rule',
    meaning: 'Its sums do not hold, or a rate does not go with its category; no number was spent on it.',
    remedy: 'Correct what `errors` points at.',
  },
  invoice_not_open: {
    status: 409,
    title: 'The invoice is in another state',
    meaning: 'It is a draft, paid, void or given up, and this is done with an open invoice only.',
    remedy: 'Read the invoice; a paid one is corrected by a credit note.',
  },
  invoice_paid_in_part: {
    status: 409,
    title: 'Something of the invoice is paid or credited',
    meaning:
      'Only an invoice that nothing was paid or credited of can be void, also not by a change of its subscription; and none of a ' +
      'subscription that has charged usage, a cycle of a coupon or what had waited for it, for no later invoice would.',
    remedy: 'Credit it: POST /v1/admin/invoices/{id}/credit-notes.',
  },
  credit_exceeds_invoice: {
    status: 422,
    title: 'More than is left of the invoice',
    meaning:
      'All credit notes together never credit more than the invoice, nor more of a line than it charged; what a change of the ' +
      'subscription has given back of it counts as well, on a later invoice or while it waits for one.',
    remedy: 'Credit at most `maximumCreditable`.',
    members: { maximumCreditable: money('What can be credited at most.') },
  },
  credit_split_wrong: {
    status: 422,
    title: 'It is not said where the credit goes',
    meaning:
      'A credit note first reduces what is open of its invoice. What it is more than that was paid, and has to go somewhere: back by ' +
      'a refund, to store credit, or outside of the shop; together exactly that much.',
    remedy: 'Give `refund`, `storeCredit` and `outOfBand` so that they add up to `toSplit`.',
    members: { toSplit: money('What has to go somewhere.') },
  },
  credit_note_missing: {
    status: 422,
    title: 'No credit note has anything left',
    meaning: 'The refund is said to be covered by a credit note, and none keeps so much for the buyer.',
    remedy: 'Send `creditNote: create`, or `none` with a reason.',
  },
  credit_note_reason_required: {
    status: 422,
    title: 'A reason is needed',
    meaning: 'There is an invoice, and only a credit note corrects its tax: a refund without one says why.',
    remedy: 'Send `creditNoteReason`, or `creditNote: create`.',
  },
});
