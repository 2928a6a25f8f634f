import { defineProblems } from '../../platform/http/problem.js';

/** What can go wrong with refunds. */
export const refundProblems = defineProblems('billing', {
  refund_exceeds_captured: {
    status: 409,
    members: {
      maximumRefundable: {
        description: 'What can be refunded at most.',
        schema: { $ref: '#/components/schemas/MoneyDto' },
        example: { amount: 1999, currency: 'EUR' },
      },
    },
    title: 'More than was paid',
    meaning: 'What was captured, less earlier refunds and those under way, is less than this refund.',
    remedy: 'Refund at most `maximumRefundable`.',
  },
  payment_disputed: {
    status: 409,
    title: 'A bank disputes the payment',
    meaning: 'The bank has taken the money back for its customer: a refund beside it would give it twice.',
    remedy: 'Wait until the dispute is decided; what is won can be refunded again.',
  },
  refund_amount_required: {
    status: 400,
    title: 'Say how much to refund',
    meaning: 'A refund needs either an amount above zero in the currency of the payment, or `full: true`.',
    remedy: 'Send `amount` or `full: true`, not both.',
  },
  credit_needs_customer: {
    status: 409,
    title: 'There is no customer to credit',
    meaning: 'A guest paid, or the customer was erased: nobody could spend store credit.',
    remedy: 'Refund to where the money came from.',
  },
});
