import { defineProblems, type FieldError, type Problem } from '../../platform/http/problem.js';
import { SUBSCRIPTION_STATES, type SubscriptionState } from './lifecycle.js';

/** What can go wrong with subscriptions. */
export const subscriptionProblems = defineProblems('billing', {
  plan_not_sold: {
    status: 422,
    title: 'The plan is not sold so',
    meaning:
      'There is no such plan, it is archived, or it has no price in this currency or no tax for this country.',
    remedy: 'Read what is sold: GET /v1/plans; `errors` says what does not fit.',
  },
  seller_unknown: {
    status: 409,
    title: 'The shop cannot write invoices yet',
    meaning: 'The profile of the seller is not complete, and a subscription begins with an invoice.',
    remedy: 'Staff complete it: PUT /v1/admin/seller-profile.',
  },
  subscription_state: {
    status: 409,
    members: {
      state: {
        description: 'Which one it is in.',
        schema: { type: 'string', enum: SUBSCRIPTION_STATES },
        example: 'past_due',
      },
      allowedStates: {
        description: 'Those from which the step can be made.',
        schema: { type: 'array', items: { type: 'string', enum: SUBSCRIPTION_STATES } },
        example: ['active'],
      },
    },
    title: 'Not in this state',
    meaning: 'The subscription is in a state from which this step does not lead anywhere, or it owes money.',
    remedy:
      'Where `state` is none of `allowedStates`, bring it there first; where it is, do what `detail` says.',
  },
  subscription_renewing: {
    status: 409,
    headers: ['Retry-After'],
    title: 'A period is just being billed',
    meaning:
      'The running period has begun and its invoice is made within minutes; a change before that would miss it.',
    remedy: 'Repeat it after `Retry-After` seconds.',
  },
  change_not_possible: {
    status: 422,
    title: 'It cannot become that',
    meaning:
      'Nothing would change, the plans are of another kind or have their taxes counted in another way, or a customer wants what ' +
      'costs more without paying for it.',
    remedy: 'Correct what `errors` points at, or subscribe anew.',
  },
  vat_id_needed: {
    status: 422,
    title: 'The VAT id has to stay',
    meaning:
      'The subscription is taxed as a sale to a business that accounts for the tax itself, or an invoice to come is: it has to name the VAT id of the buyer.',
    remedy: 'Send another VAT id in its place, or change to a plan that consumers are sold, or cancel.',
  },
  quote_used: {
    status: 409,
    title: 'The quote was confirmed before',
    meaning: 'The change that it is of was made already, and is made and billed once.',
    remedy: 'Read the subscription; for another change ask for another preview.',
  },
  quote_stale: {
    status: 409,
    members: {
      quote: {
        description: 'What it would come to now, with a quote that can be confirmed.',
        schema: { $ref: '#/components/schemas/SubscriptionChangePreviewDto' },
        example: {},
      },
    },
    title: 'The quote does not hold any more',
    meaning:
      'Its time is over, or the subscription or the price has changed since. Nothing was changed or billed.',
    remedy: 'Show `quote` to whoever confirms, and confirm that one.',
  },
});

/** `otherwise`: what stands in the way where the state does not. */
export const notFrom = (
  state: SubscriptionState,
  allowedStates: readonly SubscriptionState[],
  otherwise?: string,
  errors?: FieldError[],
): Problem =>
  subscriptionProblems.subscription_state(
    allowedStates.includes(state)
      ? otherwise
      : `The subscription is ${state}; this can be done while it is ${allowedStates.join(' or ')}.`,
    { extra: { state, allowedStates }, ...(errors && { errors }) },
  );
