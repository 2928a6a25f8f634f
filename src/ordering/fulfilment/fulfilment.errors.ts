import { defineProblems } from '../../platform/http/problem.js';

export const fulfilmentProblems = defineProblems('ordering', {
  fulfilment_moved_on: {
    status: 409,
    title: 'The fulfilment is past that',
    meaning:
      'It goes from `pending` over `packed` and `shipped` to `delivered`, or is `canceled` before it is shipped; never back.',
    remedy: 'Read the fulfilment: its `state`. What was sent comes back as a return.',
  },
  unknown_location: {
    status: 422,
    title: 'The location is not known',
    meaning: 'No location has this code.',
    remedy: 'Use a `code` of GET /v1/admin/locations.',
  },
  bad_carrier_signature: {
    status: 400,
    title: 'The signature is not valid',
    meaning: 'The notice was not signed by the carrier, or was changed on the way.',
    remedy: 'Sign the exact bytes that are sent with the secret of this carrier.',
  },
});
