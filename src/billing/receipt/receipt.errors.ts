import { defineProblems, idMember } from '../../platform/http/problem.js';

/** What can go wrong with money that comes without a gateway. */
export const receiptProblems = defineProblems('billing', {
  receipt_known: {
    status: 409,
    title: 'Written down already',
    meaning: 'Money with this reference was written down before: each line of a statement counts once.',
    remedy:
      'Read the payments of the order or of the invoice; where it is other money, send its own reference.',
  },
  receipt_in_progress: {
    status: 409,
    headers: ['Retry-After'],
    title: 'Other money of the order is just being written down',
    meaning: 'A payment of the order was made in this very moment. Nothing of this request was kept.',
    remedy: 'Repeat after `Retry-After`.',
  },
  invoice_of_order: {
    status: 409,
    title: 'The invoice is of an order',
    meaning: 'What is paid of an order counts for the order first, and its invoice takes it from there.',
    remedy: 'Write it down at the order: POST /v1/admin/orders/{id}/payments.',
    members: { orderId: idMember('The order of the invoice.') },
  },
});
