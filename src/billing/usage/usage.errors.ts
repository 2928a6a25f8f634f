import { defineProblems } from '../../platform/http/problem.js';

export const usageProblems = defineProblems('billing', {
  usage_refused: {
    status: 422,
    title: 'The usage cannot be counted',
    meaning:
      'An event lies in the future or before the subscription, or its component is in no plan of it. None was taken.',
    remedy: 'Correct what `errors` points at and send the whole batch again.',
  },
  usage_event_conflict: {
    status: 409,
    title: 'The event is there with another content',
    meaning:
      'An event of this id was taken before, with another component, quantity or time. None of the batch was taken.',
    remedy: 'Send a further event with an id of its own; a quantity below zero takes back what was too much.',
  },
  usage_closed: {
    status: 409,
    title: 'Nothing is counted in this state',
    meaning:
      'The subscription is over, its first payment has not come, or it is for goods: there is no invoice that it could stand on.',
    remedy: 'Read the subscription; usage is taken from when it is active, in a trial too.',
  },
  usage_not_billable: {
    status: 422,
    title: 'The usage cannot be charged',
    meaning: 'It comes to more than an invoice can hold.',
    remedy: 'Look for the event that is wrong, and take it back by one with a quantity below zero.',
  },
});
