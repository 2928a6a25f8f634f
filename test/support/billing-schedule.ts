import fc from 'fast-check';
import type { Knobs } from './gateway-book.js';
import {
  subscribe,
  SUBSCRIPTION_JOBS,
  SUBSCRIPTION_PLACES,
  type SubscriptionDeed,
  subscriptionDeeds,
} from './subscription-schedule.js';

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
  ...['ordering.expire_orders', ...SUBSCRIPTION_JOBS],
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
  ...SUBSCRIPTION_PLACES,
] as const;
/** Those that no checkout is needed for. */
const PASSED_BY_ALL = PLACES.filter((place) => !/^(checkout|change)\./.test(place));
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
export type ShopDeed = typeof deeds extends fc.Arbitrary<infer D> ? D : never;
export type Deed = ShopDeed | SubscriptionDeed;

/** What happens at one time: some deeds beside each other, each asked for once or more, and a death in the middle of it. */
export interface Step {
  readonly deeds: readonly { readonly deed: Deed; readonly how: 'once' | 'doubled' | 'twice' }[];
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
/** So many parts of a hundred are deeds with subscriptions. */
const steps = (subscriptions: number): fc.Arbitrary<Step> =>
  fc.record({
    deeds: fc.array(
      fc.record({
        deed: fc.oneof(
          weigh<Deed>(100 - subscriptions, deeds),
          weigh<Deed>(subscriptions, subscriptionDeeds),
        ),
        how,
      }),
      { minLength: 1, maxLength: 2 },
    ),
    dies: fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Step['dies']>(...(subscriptions > 50 ? PASSED_BY_ALL : PLACES)),
      },
    ),
    settled: fc.boolean(),
  });
const alone = (deed: Deed): Step => ({ deeds: [{ deed, how: 'once' }], dies: null, settled: true });
const bought = fc
  .tuple(card, fc.boolean(), fc.boolean())
  .map(([card, gift, hold]) => alone({ what: 'buy', card, gift, hold }));

const begun = (first: fc.Arbitrary<Step>, subscriptions: number, length: number): fc.Arbitrary<Step[]> =>
  fc
    .tuple(first, fc.array(steps(subscriptions), { minLength: 3, maxLength: length }))
    .map(([begin, rest]) => [begin, ...rest]);

/** Somebody buys something or subscribes to it, and then anything happens. */
export const schedules = (length: number): fc.Arbitrary<Step[]> =>
  fc.oneof(begun(bought, 10, length), begun(subscribe.map(alone), 80, length + 2));

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
/** What went wrong with subscriptions once: days before an anchor that were paid twice, a first invoice that was credited in part. */
export const PINNED_SUBSCRIPTIONS: Step[] = [
  alone({ what: 'subscribe', plan: 0, card: 'ok', quantity: 1, anchor: 2, isSent: false, again: true }),
  alone({ what: 'pause', sub: 0, byStaff: false }),
  alone({ what: 'resume', sub: 0, byStaff: false }),
  alone({ what: 'renew', days: 3, times: 2 }),
  alone({ what: 'use', sub: 0, quantity: 40 }),
  alone({ what: 'change the plan', sub: 0, plan: 1, quantity: 2, byStaff: false, behaviour: 'invoice_now' }),
  alone({ what: 'keep another card', sub: 0, card: 'recover_after:1', isDefault: false }),
  { ...alone({ what: 'renew', days: 8, times: 3 }), dies: 'subscription.after_invoice', settled: false },
  alone({
    what: 'subscribe',
    plan: 1,
    card: 'attach_ok_charge_fails',
    quantity: 1,
    anchor: 0,
    isSent: false,
    again: true,
  }),
  alone({ what: 'credit the invoice', sub: 1, which: 0 }),
  alone({ what: 'end it', sub: 1, when: 'now', byStaff: true }),
];
