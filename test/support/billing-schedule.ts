import fc from 'fast-check';
import type { Knobs } from './gateway-book.js';

/** Cards of a shopper, from the good to the strange; those that take their time take it by the clock, which is moved. */
export const CARDS = [
  ...['ok', 'ok', 'ok', 'decline_generic', '429', 'amount_mismatch', 'currency_switch'],
  ...['sca_required', 'sca_required', 'sca_fail', 'sca_then_decline'],
  ...['timeout_before', 'timeout_after', 'http_500_before', 'http_500_after', 'reset_after'],
  ...['async_ok:1h', 'async_fail:1h', 'auth_expires:2h'],
  ...['dispute:1h', 'dispute_won:1h', 'dispute_lost:1h'],
  ...['refund_fail', 'refund_fail_once', 'refund_pending:1h', 'refund_fail_later:1h'],
  'refund_timeout_after',
] as const;
const NOTICES = [
  ...['', '', '+drop', '+drop', '+dup=2', '+delay=1', '+shuffle=30', '+old_after_new', '+bad_sig', '+stale'],
] as const;
/** Cards that a customer has kept, each with what it does when it is charged without them. */
export const KEPT = [
  'ok',
  'attach_ok_charge_fails',
  'recover_after:1',
  'reset_after',
  'http_500_before',
] as const;
export const JOBS = [
  ...['billing.repair', 'billing.catch_up', 'billing.retry_notices', 'billing.end_holds'],
  'ordering.expire_orders',
] as const;
/** Places at which the work ends, as it would when the power goes. */
export const PLACES = [
  ...['billing.before_gateway', 'billing.after_gateway', 'billing.after_settle'],
  ...[
    'checkout.after_claim',
    'checkout.after_reserve',
    'checkout.after_begin_commit',
    'checkout.before_gateway',
  ],
  ...['checkout.after_gateway', 'checkout.before_settle_commit', 'checkout.after_settle_commit'],
  ...['checkout.before_answer', 'change.before_commit'],
  ...['invoice.before_number', 'invoice.after_number', 'credit_note.before_number'],
] as const;
const KNOBS: readonly Knobs[] = [
  ...[
    {},
    {},
    { drop: 100 },
    { drop: 50, dup: 2 },
    { dup: 3, delay: 5 },
    { shuffle: 40 },
    { oldAfterNew: true },
  ],
  ...[{ outage: true }, { loseAnswers: true }, { loseAnswers: true, drop: 100 }, { forgetKeys: true }],
];

const at = fc.constantFrom(0, 0, 0, 1, 2);
const which = fc.constantFrom(0, 0, 1, 2);
const share = fc.constantFrom(0, 1, 10, 60, 100);
const card = fc
  .tuple(fc.constantFrom(...CARDS), fc.constantFrom(...NOTICES))
  .map(([name, how]) => name + how);
const weigh = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const deed = <D extends string, F extends object>(what: D, fields: { [K in keyof F]: fc.Arbitrary<F[K]> }) =>
  fc.record({ what: fc.constant(what), ...fields }) as unknown as fc.Arbitrary<{ what: D } & F>;

const deeds = fc.oneof(
  weigh(6, deed('buy', { card, gift: fc.boolean(), hold: fc.boolean() })),
  weigh(3, deed('pay again', { at, card, gift: fc.boolean() })),
  weigh(4, deed('answer the bank', { at, which, approve: fc.boolean() })),
  weigh(2, deed('come back', { at, which })),
  weigh(5, deed('capture', { at, which, share, final: fc.boolean() })),
  weigh(3, deed('release', { at, which })),
  weigh(6, deed('refund', { at, which, share, note: fc.constantFrom('create', 'none', 'existing') })),
  weigh(3, deed('cancel', { at, byStaff: fc.boolean() })),
  weigh(3, deed('send', { at })),
  weigh(4, deed('change', { at, plan: fc.constantFrom('remove', 'add', 'return', 'claim') })),
  weigh(2, deed('pay what is due', { at, card })),
  weigh(1, deed('withdraw', { at })),
  weigh(1, deed('take cash', { at, share })),
  weigh(1, deed('review', { at, which, accept: fc.boolean() })),
  weigh(2, deed('close the dispute', { at, which, won: fc.boolean() })),
  weigh(1, deed('ask again', { at, which })),
  weigh(3, deed('charge what is kept', { kept: fc.nat({ max: KEPT.length - 1 }), anew: fc.boolean() })),
  weigh(4, deed('wait', { minutes: fc.constantFrom(6, 35, 65, 130, 1500, 11_600) })),
  weigh(4, deed('run', { job: fc.constantFrom(...JOBS) })),
  weigh(
    3,
    deed('hear', { backwards: fc.boolean(), times: fc.constantFrom(1, 2), every: fc.constantFrom(1, 2, 3) }),
  ),
  weigh(2, deed('turn', { knobs: fc.constantFrom(...KNOBS) })),
);
export type Deed = typeof deeds extends fc.Arbitrary<infer D> ? D : never;

/** What happens at one time: some deeds beside each other, each asked for once or more, and a death in the middle of it. */
export interface Step {
  readonly deeds: readonly (Deed & { readonly how: 'once' | 'doubled' | 'twice' })[];
  readonly dies: (typeof PLACES)[number] | null;
  /** Whether everything that was set off has come to its end before the next step. */
  readonly settled: boolean;
}

const how = fc.constantFrom(
  'once' as const,
  'once' as const,
  'once' as const,
  'doubled' as const,
  'twice' as const,
);
const step: fc.Arbitrary<Step> = fc.record({
  deeds: fc.array(
    fc.tuple(deeds, how).map(([each, how]) => ({ ...each, how })),
    { minLength: 1, maxLength: 2 },
  ),
  dies: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...PLACES) },
  ),
  settled: fc.boolean(),
});
const first = fc.tuple(card, fc.boolean(), fc.boolean()).map(([card, gift, hold]): Step => ({
  ...{ deeds: [{ what: 'buy', card, gift, hold, how: 'once' }], dies: null, settled: true },
}));

/** Somebody buys something, and then anything happens. */
export const schedules = (length: number): fc.Arbitrary<Step[]> =>
  fc
    .tuple(first, fc.array(step, { minLength: 3, maxLength: length }))
    .map(([begin, rest]) => [begin, ...rest]);

const alone = (deed: Deed): Step => ({ deeds: [{ ...deed, how: 'once' }], dies: null, settled: true });
/** What went wrong once: a hold captured in part beside an invoice, a dispute of nothing, too much of which a little went back. */
export const PINNED: Step[] = [
  alone({ what: 'buy', card: 'ok', gift: true, hold: true }),
  alone({ what: 'capture', at: 0, which: 1, share: 10, final: false }),
  alone({ what: 'buy', card: 'dispute:1h', gift: false, hold: false }),
  alone({ what: 'refund', at: 1, which: 0, share: 100, note: 'create' }),
  alone({ what: 'wait', minutes: 130 }),
  alone({ what: 'buy', card: 'ok', gift: false, hold: false }),
  alone({ what: 'take cash', at: 2, share: 60 }),
  alone({ what: 'refund', at: 2, which: 0, share: 1, note: 'none' }),
];
