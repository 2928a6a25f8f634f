/** What a token makes the gateway do. The card stand-ins of a shop's test mode, plus the ways a network can fail. */
export interface Behaviour {
  readonly name: TokenName;
  /** Milliseconds after the colon: how long to hang, or how long an asynchronous method takes. */
  readonly ms: number | null;
  readonly knobs: WebhookKnobs;
}

/** How the webhooks of a charge misbehave: sent more than once, late, in another order, or not at all. */
export interface WebhookKnobs {
  readonly dup?: number;
  readonly delay?: number;
  readonly shuffle?: number;
  readonly drop?: boolean;
}

interface Decline {
  readonly code: string;
  readonly hard: boolean;
}

export const DECLINES: Readonly<Record<string, Decline>> = {
  decline_generic: { code: 'generic_decline', hard: false },
  insufficient_funds: { code: 'insufficient_funds', hard: false },
  expired: { code: 'expired_card', hard: false },
  lost: { code: 'lost_card', hard: true },
  processing_error: { code: 'processing_error', hard: false },
  unknown_token: { code: 'invalid_payment_method', hard: true },
};

export const TOKENS = [
  'ok',
  'decline_generic',
  'insufficient_funds',
  'expired',
  'lost',
  'processing_error',
  'sca_required',
  'sca_then_decline',
  'timeout_before',
  'timeout_after',
  'http_500_before',
  'http_500_after',
  'reset_after',
  'async_ok',
  'async_fail',
  'amount_mismatch',
  'currency_switch',
  'refund_fail',
  'refund_fail_once',
  'refund_pending',
  'refund_fail_later',
  'refund_timeout_before',
  'refund_timeout_after',
  'unknown_token',
] as const;
export type TokenName = (typeof TOKENS)[number];

const isToken = (name: string): name is TokenName => (TOKENS as readonly string[]).includes(name);

/**
 * Grammar: `name[:ms][+dup[=n]][+delay[=ms]][+shuffle[=ms]][+drop]`, for example `timeout_after:1500` or
 * `async_ok:200+dup=3+shuffle`. A token nobody knows is declined like a card nobody knows.
 */
export function behaviourOf(token: string): Behaviour {
  const [head = '', ...suffixes] = token.split('+');
  const [name = '', ms] = head.split(':');
  const knobs: { dup?: number; delay?: number; shuffle?: number; drop?: boolean } = {};
  for (const suffix of suffixes) {
    const [knob, value] = suffix.split('=');
    if (knob === 'dup') knobs.dup = whole(value, 2);
    if (knob === 'delay') knobs.delay = whole(value, 1000);
    if (knob === 'shuffle') knobs.shuffle = whole(value, 300);
    if (knob === 'drop') knobs.drop = true;
  }
  return {
    name: isToken(name) ? name : 'unknown_token',
    ms: ms === undefined ? null : whole(ms, 0),
    knobs,
  };
}

function whole(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,8}$/.test(text) ? Number(text) : fallback;
}
