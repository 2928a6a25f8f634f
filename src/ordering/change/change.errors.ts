import { defineProblems, idMember } from '../../platform/http/problem.js';

const AMOUNT = { $ref: '#/components/schemas/SignedMoneyDto' };

export const changeProblems = defineProblems('ordering', {
  change_not_possible: {
    status: 422,
    title: 'The order cannot be changed like this',
    meaning: 'Pieces that there are not, goods that are not sold, or parts that do not go together.',
    remedy: 'Correct what `errors` points at; the order says what is left of each line.',
  },
  order_not_changeable: {
    status: 409,
    title: 'The order takes no change now',
    meaning: 'It is not placed, or its payment is only held and not captured.',
    remedy: 'Read its statuses; capture the payment first, or cancel the whole order.',
  },
  change_open: {
    status: 409,
    members: { changeId: idMember('The change that is open.') },
    title: 'Another change is open',
    meaning: 'An order has one draft at a time, and no other while a confirmed one waits for its payment.',
    remedy: 'Confirm or discard the draft named in `changeId`, or withdraw the change that is not paid.',
  },
  change_closed: {
    status: 409,
    title: 'The change is decided already',
    meaning: 'It was confirmed, discarded or withdrawn.',
    remedy: 'Make another one.',
  },
  return_not_received: {
    status: 409,
    title: 'The return is not there any more',
    meaning:
      'The return that the change is to settle was declined, given up or settled since the change was drafted.',
    remedy: 'Read the return; discard the change.',
  },
  customer_limit: {
    status: 409,
    title: 'Not so many for this customer',
    meaning: 'Of what is added a customer may buy only so many, earlier orders counted.',
    remedy: 'Add no more than `errors` says, or raise the limit of the variant first.',
  },
  order_changed: {
    status: 409,
    members: {
      orderVersion: {
        description: 'The version of the order now.',
        schema: { type: 'integer' },
        example: 5,
      },
    },
    title: 'The order is another one by now',
    meaning: 'Something has happened to the order since the change was previewed.',
    remedy:
      'PATCH the change, with an empty body if it shall stay as it is, look at its preview and confirm that.',
  },
  difference_changed: {
    status: 409,
    members: {
      difference: {
        description: 'What the change comes to now.',
        schema: AMOUNT,
        example: { amount: -1999, currency: 'EUR' },
      },
    },
    title: 'The change costs something else',
    meaning: 'Prices or rules changed since the difference in `expectedDifference` was shown.',
    remedy: 'Look at the preview and confirm what it says.',
  },
  change_not_awaiting: {
    status: 409,
    title: 'The change does not wait to be paid',
    meaning: 'Only a confirmed change that nobody has paid can be withdrawn.',
    remedy: 'Read the change; make another one to take back what was paid.',
  },
  nothing_due: {
    status: 409,
    title: 'Nothing is due',
    meaning: 'The order is paid, or came to nothing.',
    remedy: 'Read the order: `amountDue` is zero.',
  },
  order_unpaid: {
    status: 409,
    title: 'The order waits for its first payment',
    meaning: 'It is not placed yet: here only what is due of a placed order is paid.',
    remedy:
      'Pay again at the checkout of its cart with a new Idempotency-Key, or by its link to pay, before `expiresAt`.',
  },
  due_changed: {
    status: 409,
    members: {
      amountDue: {
        description: 'What is due now.',
        schema: { $ref: '#/components/schemas/MoneyDto' },
        example: { amount: 1999, currency: 'EUR' },
      },
    },
    title: 'Another amount is due',
    meaning: 'The order changed since the amount in `expectedAmount` was shown.',
    remedy: 'Show the shopper `amountDue` of this answer.',
  },
});
