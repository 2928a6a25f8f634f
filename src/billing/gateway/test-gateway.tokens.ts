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

const HELP: Readonly<Record<TokenName, string>> = {
  ok: 'paid at once (201)',
  decline_generic: 'declined (402), like the next ones with their own `declineCode`',
  insufficient_funds: 'declined (402)',
  expired: 'declined (402): `expired_card`',
  lost: 'declined (402) for good: `lost_card`',
  processing_error: 'declined (402)',
  sca_required: 'a challenge (202): `nextAction.url` is a page where the shopper approves or denies',
  sca_then_decline: 'a challenge that ends in a decline, even when approved',
  timeout_before: 'no answer, and the charge was never made',
  timeout_after: 'no answer, but the charge was made',
  http_500_before: 'an error of the gateway before it made the charge: `processing` (202)',
  http_500_after:
    'an error of the gateway after it made the charge: `processing` (202) until its webhook comes',
  reset_after: 'the connection breaks after the charge was made: the same',
  async_ok:
    'a method that takes its time: `processing` (202), paid after 300 ms or what stands behind the colon',
  async_fail: 'a method that takes its time and fails',
  amount_mismatch: 'the gateway takes one minor unit more: `requires_review` (202), staff decide',
  currency_switch: 'the gateway takes another currency: `requires_review` (202), settled by hand',
  refund_fail: 'paid; every refund is refused',
  refund_fail_once: 'paid; the first refund is refused',
  refund_pending: 'paid; refunds are `pending` and then succeed',
  refund_fail_later: 'paid; refunds are `pending` and then fail',
  refund_timeout_before: 'paid; refunds get no answer and are not made',
  refund_timeout_after: 'paid; refunds get no answer but are made',
  unknown_token: 'declined (402), like every token that is not in this list',
};

/** What each token makes the gateway do, for whoever tries the shop; Markdown. */
export const TOKENS_HELP = `
The gateway \`test\` moves no money and does what the token says:

${TOKENS.map((token) => `- \`${token}\`: ${HELP[token]}`).join('\n')}

The \`timeout_\` ones hold the checkout up to \`GATEWAY_TIMEOUT_MS\` and answer 202; behind a colon stand the milliseconds
that the gateway hangs, and \`timeout_after:1500\` is merely slow where that is within the limit. Whatever got no answer stays
\`processing\` until the webhook of a charge that was made arrives (a moment later, unless \`+drop\`), somebody confirms the
payment, or the repair job asks the gateway, five minutes later at the earliest; a charge that was never made then counts as
declined. Webhooks misbehave by suffixes: \`+dup=3\` (sent so often), \`+delay=1000\` and \`+shuffle=300\` (milliseconds),
\`+drop\` (never), such as \`async_ok:200+dup=3+shuffle\`.
`.trim();

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
