import { defineProblems, type Problem, idMember } from '../../platform/http/problem.js';

/** What can go wrong with payments. */
export const paymentProblems = defineProblems('billing', {
  payment_in_progress: {
    status: 409,
    headers: ['Retry-After'],
    members: {
      orderId: idMember('The order to be paid.'),
      paymentId: idMember('The payment that is under way.'),
    },
    title: 'A payment is under way',
    meaning:
      'The outcome of an earlier attempt is not known yet, and a second one could take the money twice.',
    remedy: 'Read the payment until it is decided; do not start another attempt before.',
  },
  payment_already_captured: {
    status: 409,
    title: 'Already paid',
    meaning: 'The order, or the invoice, was paid already.',
    remedy: 'Read it; there is nothing left to pay.',
  },
  charge_exceeds_due: {
    status: 409,
    title: 'More than is due',
    meaning: 'The invoice is open for less: something of it was paid or credited, or is just being paid.',
    remedy: 'Charge at most `maximumChargeable`.',
    members: {
      maximumChargeable: {
        description: 'What is still due of the invoice.',
        schema: { $ref: '#/components/schemas/MoneyDto' },
        example: { amount: 1999, currency: 'EUR' },
      },
    },
  },
  payment_amount_frozen: {
    status: 409,
    title: 'The amount to pay is fixed',
    meaning: 'The payment was opened for another amount or currency.',
    remedy: 'Cancel the order and order again.',
  },
  too_many_attempts: {
    status: 422,
    title: 'Too many attempts to pay',
    meaning: 'This payment was tried as often as a payment may be.',
    remedy: 'Order again, or ask the shop.',
  },
  invoice_tried_too_often: {
    status: 429,
    headers: ['Retry-After'],
    title: 'Too many attempts to pay within a day',
    meaning: 'An invoice may be tried to be paid 20 times within 24 hours. It stays to be paid.',
    remedy: 'Try again after `Retry-After` seconds, or ask the shop for another way to pay.',
  },
  nothing_held: {
    status: 409,
    title: 'Nothing is held',
    meaning: 'The payment holds no money that could be captured or released: it is not authorized.',
    remedy: 'Read the payment.',
  },
  capture_exceeds_held: {
    status: 409,
    members: {
      maximumCapturable: {
        description: 'What can be captured at most.',
        schema: { $ref: '#/components/schemas/MoneyDto' },
        example: { amount: 1999, currency: 'EUR' },
      },
    },
    title: 'More than is held',
    meaning: 'What was authorized, less earlier captures and those under way, is less than this capture.',
    remedy: 'Capture at most `maximumCapturable`.',
  },
  capture_amount_required: {
    status: 400,
    title: 'Say how much to capture',
    meaning: 'A capture needs either an amount above zero in the currency of the payment, or `full: true`.',
    remedy: 'Send `amount` or `full: true`, not both.',
  },
  unknown_gateway: {
    status: 422,
    title: 'Unknown payment gateway',
    meaning: 'The shop does not take payments through this gateway.',
    remedy: 'Use the gateway that the shop is set up with, `test` in a sandbox.',
  },
  review_not_possible: {
    status: 409,
    title: 'Nothing to decide',
    meaning:
      'The payment does not wait for a review, its hold is over, or its money came in another currency and cannot count as payment.',
    remedy: 'Read the payment; money of another currency can only be rejected, and goes back.',
  },
  gateway_unreachable: {
    status: 503,
    headers: ['Retry-After'],
    title: 'The payment gateway cannot be reached',
    meaning: 'The gateway did not answer. Nothing was changed.',
    remedy: 'Repeat after `Retry-After`.',
  },
  bad_signature: {
    status: 400,
    title: 'The signature is not valid',
    meaning:
      'The notice was not signed by the gateway, was changed on the way, or is older than five minutes.',
    remedy: 'Sign the exact bytes that are sent with the secret of this endpoint, and check the clock.',
  },
});

/** `known`: what the shop takes payments through; `place`: where the other was named, null in no body. */
export const unknownGateway = (known: string, place: string | null): Problem =>
  paymentProblems.unknown_gateway(`The shop takes no payments through this; use \`${known}\`.`, {
    ...(place !== null && {
      errors: [{ pointer: place, code: 'unknown_gateway', message: `must be \`${known}\`` }],
    }),
  });
