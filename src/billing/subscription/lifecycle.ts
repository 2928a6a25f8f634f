export const SUBSCRIPTION_STATES = [
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
] as const;
/** To be canceled at the end of a period, and to be changed then, are fields and not states. */
export type SubscriptionState = (typeof SUBSCRIPTION_STATES)[number];

/** For so long a first payment is waited for. */
export const INCOMPLETE_HOURS = 23;

/** What happens when the last attempt to collect a renewal has failed. */
export const END_POLICIES = ['cancel', 'unpaid', 'leave_past_due'] as const;
export type EndPolicy = (typeof END_POLICIES)[number];

/** What a step may depend on. */
export interface Circumstances {
  /** An invoice of it is to be paid by now, the first one included. */
  readonly owes: boolean;
  readonly inTrial: boolean;
  /** There is a saved method, or nothing to be paid. */
  readonly payable: boolean;
  readonly hoursSinceCreated: number;
  readonly endPolicy: EndPolicy;
}

/**
 * `paid`: an invoice of it was paid; `first_payment_overdue`: time to ask whether it still waits; `retries_exhausted`: dunning has given
 * up. The others are what they say.
 */
export type SubscriptionEvent =
  | 'paid'
  | 'first_payment_overdue'
  | 'trial_ended'
  | 'renewal_unpaid'
  | 'retries_exhausted'
  | 'pause'
  | 'resume'
  | 'cancel';

interface Step {
  readonly on: SubscriptionEvent;
  readonly from: readonly SubscriptionState[];
  readonly to: SubscriptionState;
  readonly when?: (now: Circumstances) => boolean;
}

/** Every legal step; of several that fit the first one is taken. `incomplete_expired` and `canceled` are never left. */
export const STEPS: readonly Step[] = [
  // A set-up fee may be owed before a trial begins.
  { on: 'paid', from: ['incomplete'], to: 'trialing', when: ({ owes, inTrial }) => !owes && inTrial },
  { on: 'paid', from: ['incomplete', 'past_due', 'unpaid'], to: 'active', when: ({ owes }) => !owes },
  {
    on: 'first_payment_overdue',
    from: ['incomplete'],
    to: 'incomplete_expired',
    when: ({ owes, hoursSinceCreated }) => owes && hoursSinceCreated >= INCOMPLETE_HOURS,
  },
  { on: 'trial_ended', from: ['trialing'], to: 'active', when: ({ payable }) => payable },
  { on: 'trial_ended', from: ['trialing'], to: 'paused', when: ({ payable }) => !payable },
  { on: 'renewal_unpaid', from: ['active'], to: 'past_due', when: ({ owes }) => owes },
  {
    on: 'retries_exhausted',
    from: ['past_due'],
    to: 'unpaid',
    when: ({ owes, endPolicy }) => owes && endPolicy === 'unpaid',
  },
  {
    on: 'retries_exhausted',
    from: ['past_due'],
    to: 'canceled',
    when: ({ owes, endPolicy }) => owes && endPolicy === 'cancel',
  },
  // What is owed is paid first: a pause is no way out of dunning.
  { on: 'pause', from: ['active'], to: 'paused', when: ({ owes }) => !owes },
  // What was billed at the pause is paid before more is.
  { on: 'resume', from: ['paused'], to: 'active', when: ({ payable, owes }) => payable && !owes },
  {
    on: 'cancel',
    from: ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused'],
    to: 'canceled',
  },
];

/** Where an event leads; null: nowhere from here. What is heard twice leads nowhere the second time. */
export function nextState(
  state: SubscriptionState,
  event: SubscriptionEvent,
  now: Circumstances,
): SubscriptionState | null {
  const step = STEPS.find(
    ({ on, from, when }) => on === event && from.includes(state) && (when?.(now) ?? true),
  );
  return step?.to ?? null;
}

/** From where an event leads anywhere at all. */
export const statesBefore = (event: SubscriptionEvent): readonly SubscriptionState[] =>
  STEPS.flatMap(({ on, from }) => (on === event ? from : []));

/** How a subscription begins: what costs nothing now needs no payment to be active. */
export function firstState({ inTrial, owes }: Pick<Circumstances, 'inTrial' | 'owes'>): SubscriptionState {
  if (owes) return 'incomplete';
  return inTrial ? 'trialing' : 'active';
}

/** Whose next period is billed when it begins. What is unpaid or paused makes no further invoices. */
export const BILLED_STATES: readonly SubscriptionState[] = ['trialing', 'active', 'past_due'];

/** What can be changed to another plan or quantity. */
export const CHANGED_STATES: readonly SubscriptionState[] = ['trialing', 'active'];

/** What can be paid while an invoice is open: all but what has never begun in time. */
export const PAID_STATES: readonly SubscriptionState[] = SUBSCRIPTION_STATES.filter(
  (state) => state !== 'incomplete_expired',
);

export const ENTITLEMENTS = ['full', 'grace', 'restricted', 'none'] as const;
/** What the customer may use. It is told to others; a state is nothing that they should interpret. */
export type Entitlement = (typeof ENTITLEMENTS)[number];

/** Days since the oldest unpaid invoice after which use is restricted, and ends. */
export interface OverduePolicy {
  readonly restrictAfterDays: number;
  readonly blockAfterDays: number;
}

/** What a subscription entitles to, decided here and nowhere else. `overdueDays`: since the oldest unpaid invoice. */
export function entitlementOf(
  state: SubscriptionState,
  overdueDays: number,
  { restrictAfterDays, blockAfterDays }: OverduePolicy,
): Entitlement {
  switch (state) {
    case 'trialing':
    case 'active':
      return 'full';
    case 'past_due':
      if (overdueDays >= blockAfterDays) return 'none';
      return overdueDays >= restrictAfterDays ? 'restricted' : 'grace';
    case 'incomplete':
    case 'incomplete_expired':
    case 'unpaid':
    case 'paused':
    case 'canceled':
      return 'none';
  }
}
