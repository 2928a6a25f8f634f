import { defineProblems, type Problem } from '../../platform/http/problem.js';

/** What can go wrong with methods that are kept. */
export const methodProblems = defineProblems('billing', {
  no_payment_method: {
    status: 409,
    title: 'No such payment method',
    meaning: 'The customer has kept no such method, or none at all.',
    remedy: 'Read the kept methods and name one of them, or add one.',
  },
  method_in_use: {
    status: 409,
    title: 'A subscription is charged to it',
    meaning:
      'Subscriptions that go on are charged to this method, and there is no other that was chosen for them. Nothing was removed.',
    remedy:
      'Choose another method first: for each of `subscriptionIds` by PATCH /v1/me/subscriptions/{id}, or as the default by POST /v1/me/payment-methods/{id}/default. Or cancel them.',
    members: {
      subscriptionIds: {
        description: 'Those that are charged to it.',
        schema: { type: 'array', items: { type: 'string', format: 'uuid' } },
        example: ['01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e'],
      },
    },
  },
  payment_method_declined: {
    status: 402,
    title: 'The payment method was refused',
    meaning: 'The bank did not agree to its being kept; nothing was charged.',
    remedy: 'Use another method.',
    members: {
      declineCode: {
        description: 'Why, in the words of the gateway.',
        schema: { type: ['string', 'null'] },
        example: 'lost_card',
      },
    },
  },
});

/** `place`: where the method was named, or left out; null in no body. Nobody learns whether somebody else has it. */
export const noMethod = (place: string | null, isNamed: boolean): Problem => {
  const [detail, message] = isNamed
    ? [
        'The customer has kept no method of this id: name one that is kept, or pay with another.',
        'is not kept',
      ]
    : [
        'The customer has kept nothing that could be charged: add a method first, or pay with another.',
        'must be kept first',
      ];
  const errors = place === null ? {} : { errors: [{ pointer: place, code: 'no_payment_method', message }] };
  return methodProblems.no_payment_method(detail, errors);
};
