import fc from 'fast-check';

/** Cards that customers keep for subscriptions, each with what it does later; those that the bank asks about are kept by its leave. */
export const SUBSCRIBERS_CARDS = [
  ...['ok', 'ok', 'ok', 'ok+drop', 'ok+dup=2'],
  ...['attach_ok_charge_fails', 'attach_ok_then_lost', 'recover_after:1', 'recover_after:3'],
  ...['sca_required', 'sca_once', 'sca_then_decline'],
  ...['timeout_before', 'timeout_after', 'http_500_before', 'http_500_after', 'reset_after', '429'],
  ...['async_ok:1h', 'async_fail:1h', 'async_ok:2d+drop', 'async_fail:2d+drop'],
  ...['amount_mismatch', 'currency_switch', 'dispute:1h', 'dispute_lost:1h'],
  ...['refund_fail', 'refund_pending:1h', 'refund_fail_later:1h'],
] as const;

const price = (amount: number, setupFee?: number) => [
  {
    amount: { amount, currency: 'EUR' },
    ...(setupFee !== undefined && { setupFee: { amount: setupFee, currency: 'EUR' } }),
  },
];
const WEEK = { unit: 'week', count: 1 };
const CALLS = [
  {
    ...{ code: 'calls', title: 'Calls', aggregation: 'sum', mode: 'graduated', included: '3' },
    tiers: [{ upTo: null, price: { amount: 7, currency: 'EUR' } }],
  },
];
/** What is subscribed to: mostly for a week, so that a period is over within a schedule. */
export const SUBSCRIBED_PLANS = [
  { interval: WEEK, prices: price(999), components: CALLS },
  { interval: WEEK, prices: price(1999, 350) },
  { interval: { unit: 'month', count: 1 }, prices: price(4321) },
  { interval: WEEK, prices: price(1450), trialDays: 3 },
  { interval: WEEK, prices: price(701), components: CALLS },
] as const;

/** Places at which work on subscriptions ends, as it would when the power goes. */
export const SUBSCRIPTION_PLACES = [
  ...['subscription.after_invoice', 'dunning.after_begin', 'dunning.after_gateway'],
  'revenue.before_commit',
] as const;
export const SUBSCRIPTION_JOBS = [
  ...['billing.renew_subscriptions', 'billing.collect', 'billing.expire_subscriptions'],
  ...['billing.entitlements', 'billing.recognise_revenue'],
] as const;

const sub = fc.constantFrom(0, 0, 0, 1);
const which = fc.constantFrom(0, 0, 1, 2);
const card = fc.constantFrom(...SUBSCRIBERS_CARDS);
const plan = fc.nat({ max: SUBSCRIBED_PLANS.length - 1 });
const weigh = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const deed = <D extends string, F extends object>(what: D, fields: { [K in keyof F]: fc.Arbitrary<F[K]> }) =>
  fc.record({ what: fc.constant(what), ...fields }) as unknown as fc.Arbitrary<{ what: D } & F>;

export const subscribe = deed('subscribe', {
  // Whoever never pays has nothing to be changed or renewed.
  card: fc.oneof(
    weigh(2, fc.constantFrom<(typeof SUBSCRIBERS_CARDS)[number]>('ok', 'ok', 'ok+drop')),
    weigh(1, card),
  ),
  ...{ plan, quantity: fc.constantFrom(1, 1, 2) },
  /** By staff, for a customer who is sent the invoices and pays them. */
  isSent: fc.constantFrom(false, false, true),
  /** Days until whole periods begin; 0: today. */
  anchor: fc.constantFrom(0, 0, 0, 2),
  /** Whether somebody whose request has died comes again. */
  again: fc.boolean(),
});

/** What customers and staff do with subscriptions, and what the time does with them. */
export const subscriptionDeeds = fc.oneof(
  weigh(3, subscribe),
  weigh(
    12,
    deed('renew', { days: fc.constantFrom(1, 3, 5, 7, 8, 8, 8, 16, 31), times: fc.constantFrom(1, 2, 3) }),
  ),
  weigh(
    8,
    deed('change the plan', {
      ...{ sub, plan, quantity: fc.constantFrom(1, 1, 2, 3), byStaff: fc.boolean() },
      behaviour: fc.constantFrom(null, null, 'prorate_next_invoice', 'invoice_now', 'none', 'at_period_end'),
    }),
  ),
  weigh(2, deed('drop the change', { sub })),
  weigh(3, deed('pause', { sub, byStaff: fc.boolean() })),
  weigh(4, deed('resume', { sub, byStaff: fc.boolean() })),
  weigh(
    2,
    deed('end it', { sub, when: fc.constantFrom('period_end', 'period_end', 'now'), byStaff: fc.boolean() }),
  ),
  weigh(1, deed('keep it', { sub })),
  weigh(4, deed('pay what it owes', { sub, card: fc.option(card), again: fc.boolean() })),
  weigh(5, deed('keep another card', { sub, card, isDefault: fc.boolean() })),
  weigh(3, deed('ask the bank about it', { sub, approve: fc.boolean(), back: fc.boolean() })),
  weigh(2, deed('try to collect', { sub, which })),
  weigh(3, deed('pay by the link', { sub, which, card: fc.option(card), back: fc.boolean() })),
  weigh(2, deed('end the invoice', { sub, which, how: fc.constantFrom('voidance', 'write-off') })),
  weigh(
    3,
    deed('refund the invoice', {
      ...{ sub, which, share: fc.constantFrom(1, 10, 100) },
      note: fc.constantFrom('create', 'create', 'none'),
    }),
  ),
  weigh(2, deed('credit the invoice', { sub, which })),
  weigh(3, deed('use', { sub, quantity: fc.constantFrom(1, 5, 40) })),
);
export type SubscriptionDeed = typeof subscriptionDeeds extends fc.Arbitrary<infer D> ? D : never;
