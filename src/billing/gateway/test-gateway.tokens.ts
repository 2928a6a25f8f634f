/** What a token makes the gateway do. The card stand-ins of a shop's test mode, plus the ways a network can fail. */
export interface Behaviour {
  readonly name: TokenName;
  /** Behind the colon, in milliseconds: how long to hang, or how long something takes. */
  readonly ms: number | null;
  /** Behind the colon, as it stands: how often, or how much. */
  readonly count: number | null;
  /** Tells cards apart that behave the same. */
  readonly card: string;
  readonly knobs: WebhookKnobs;
}

/** How the webhooks of a charge misbehave: sent more than once, late, in another order, not at all, or not to be believed. */
export interface WebhookKnobs {
  readonly dup?: number;
  readonly delay?: number;
  readonly shuffle?: number;
  /** Percent of them. */
  readonly drop?: number;
  readonly badSig?: boolean;
  readonly stale?: boolean;
  readonly oldAfterNew?: boolean;
}

/** Tokens that are declined at once, with the code of the decline. */
export const DECLINES: Readonly<Record<string, string>> = {
  decline_generic: 'generic_decline',
  insufficient_funds: 'insufficient_funds',
  expired: 'expired_card',
  lost: 'lost_card',
  processing_error: 'processing_error',
  unknown_token: 'invalid_payment_method',
};

export const TOKENS = [
  'ok',
  'decline_generic',
  'insufficient_funds',
  'expired',
  'lost',
  'processing_error',
  'sca_required',
  'sca_once',
  'sca_fail',
  'sca_then_decline',
  'attach_ok_charge_fails',
  'attach_ok_then_lost',
  'recover_after',
  '429',
  'auth_expires',
  'risk',
  'dispute',
  'dispute_won',
  'dispute_lost',
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
  sca_once: 'a challenge the first time; once kept, it is charged without the shopper and nobody asks again',
  sca_fail: 'a challenge that the bank counts as failed, whatever is answered',
  sca_then_decline: 'a challenge that ends in a decline, even when approved',
  attach_ok_charge_fails: 'can be kept, but every charge is declined (402)',
  attach_ok_then_lost: 'can be kept, but every charge is declined (402) for good: `lost_card`',
  recover_after: 'declined (402) as often as stands behind the colon (once), then paid',
  429: 'the gateway has too much to do and does nothing (402): `rate_limited`',
  auth_expires: 'paid; a hold runs out after 7 days or what stands behind the colon',
  risk: 'paid, with the risk score that stands behind the colon (75)',
  dispute:
    'paid; after 3 days, or what stands behind the colon, the bank takes it back and waits for a decision',
  dispute_won: 'the same, and a week later the shop has won',
  dispute_lost: 'the same, and a week later the shop has lost',
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

Times behind a colon are milliseconds, or carry a unit: \`dispute:3d\`, \`auth_expires:90m\`. A kept method behaves like the token
that it came from; without the shopper, what asks for a challenge is declined with \`authentication_required\`. \`+card=7\` tells
cards apart that behave the same.

The \`timeout_\` ones hold the checkout up to \`GATEWAY_TIMEOUT_MS\` and answer 202; behind a colon stand the milliseconds
that the gateway hangs, and \`timeout_after:1500\` is merely slow where that is within the limit. Whatever got no answer stays
\`processing\` until the webhook of a charge that was made arrives (a moment later, unless \`+drop\`), somebody confirms the
payment, or the repair job asks the gateway, five minutes later at the earliest; a charge that was never made then counts as
declined. Webhooks misbehave by suffixes: \`+dup=3\` (sent so often), \`+delay=1000\` and \`+shuffle=300\` (milliseconds),
\`+drop\` (never, or so many percent of them), \`+old_after_new\` (each is followed by the one before), \`+bad_sig\` and \`+stale\`
(not to be believed), such as \`async_ok:200+dup=3+shuffle\`.
`.trim();

const isToken = (name: string): name is TokenName => (TOKENS as readonly string[]).includes(name);

/**
 * Grammar: `name[:value][+dup[=n]][+delay[=ms]][+shuffle[=ms]][+drop[=percent]][+bad_sig][+stale][+old_after_new][+card=…]`,
 * for example `timeout_after:1500` or `async_ok:200+dup=3+shuffle`. A token nobody knows is declined like a card nobody knows.
 */
export function behaviourOf(token: string): Behaviour {
  const [head = '', ...suffixes] = token.split('+');
  const [name = '', value] = head.split(':');
  const given = new Map(suffixes.map((suffix) => suffix.split('=') as [string, string | undefined]));
  const number = (knob: string, fallback: number) => given.has(knob) && whole(given.get(knob), fallback);
  const knobs = {
    dup: number('dup', 2),
    delay: number('delay', 1000),
    shuffle: number('shuffle', 300),
    drop: number('drop', 100),
    badSig: given.has('bad_sig'),
    stale: given.has('stale'),
    oldAfterNew: given.has('old_after_new'),
  };
  return {
    name: isToken(name) ? name : 'unknown_token',
    ms: value === undefined ? null : duration(value),
    count: value === undefined ? null : whole(value, 1),
    card: given.get('card') ?? '',
    knobs: Object.fromEntries(Object.entries(knobs).filter(([, knob]) => knob !== false)),
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

function duration(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,8})(ms|[smhd])?$/.exec(text) ?? [];
  return digits === undefined ? 0 : Number(digits) * (UNITS[unit] ?? 1);
}

function whole(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,8}$/.test(text) ? Number(text) : fallback;
}
