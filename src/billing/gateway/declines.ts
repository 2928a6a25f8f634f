import type { Advice } from './payment-gateway.port.js';

interface Meaning {
  /** The card will not work whatever anybody does: schemes fine those who try it again. */
  readonly hard: boolean;
  readonly advice: Advice;
}

const RETRY: Meaning = { hard: false, advice: 'retry' };
const NEW_METHOD: Meaning = { hard: false, advice: 'new_method' };
const AUTHENTICATE: Meaning = { hard: false, advice: 'authenticate' };
const GONE: Meaning = { hard: true, advice: 'new_method' };
const NEVER: Meaning = { hard: true, advice: 'never' };

/** Codes as card schemes and gateways use them; what is not here is worth another try. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  authentication_required: AUTHENTICATE,
  authentication_failed: AUTHENTICATE,
  payment_intent_authentication_failure: AUTHENTICATE,
  card_not_supported: NEW_METHOD,
  currency_not_supported: NEW_METHOD,
  expired_card: NEW_METHOD,
  incorrect_cvc: NEW_METHOD,
  incorrect_zip: NEW_METHOD,
  incorrect_number: GONE,
  invalid_account: GONE,
  invalid_number: GONE,
  invalid_payment_method: GONE,
  lost_card: GONE,
  pickup_card: GONE,
  restricted_card: GONE,
  stolen_card: GONE,
  transaction_not_allowed: GONE,
  do_not_try_again: NEVER,
  fraudulent: NEVER,
  highest_risk_level: NEVER,
  merchant_blacklist: NEVER,
  revocation_of_all_authorizations: NEVER,
  revocation_of_authorization: NEVER,
  stop_payment_order: NEVER,
};

/** What a decline code means for whoever wants to be paid. */
export const meaningOf = (code: string): Meaning => MEANINGS[code] ?? RETRY;
