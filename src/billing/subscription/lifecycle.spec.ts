import {
  BILLED_STATES,
  type Circumstances,
  entitlementOf,
  firstState,
  nextState,
  STEPS,
  SUBSCRIPTION_STATES,
  type SubscriptionEvent,
} from './lifecycle.js';

const now = (parts: Partial<Circumstances> = {}): Circumstances => ({
  owes: false,
  inTrial: false,
  payable: true,
  hoursSinceCreated: 0,
  endPolicy: 'cancel',
  ...parts,
});
const EVENTS = [...new Set(STEPS.map(({ on }) => on))];

describe('the life of a subscription', () => {
  it('takes the steps of the table and no other', () => {
    const taken = (event: SubscriptionEvent, parts: Partial<Circumstances>) =>
      Object.fromEntries(
        SUBSCRIPTION_STATES.flatMap((state) => {
          const next = nextState(state, event, now(parts));
          return next === null ? [] : [[state, next]];
        }),
      );
    expect(taken('paid', {})).toEqual({ incomplete: 'active', past_due: 'active', unpaid: 'active' });
    expect(taken('paid', { inTrial: true })).toMatchObject({ incomplete: 'trialing' });
    expect(taken('paid', { owes: true })).toEqual({});
    expect(taken('first_payment_overdue', { owes: true, hoursSinceCreated: 22.99 })).toEqual({});
    expect(taken('first_payment_overdue', { owes: false, hoursSinceCreated: 24 })).toEqual({});
    expect(taken('first_payment_overdue', { owes: true, hoursSinceCreated: 23 })).toEqual({
      incomplete: 'incomplete_expired',
    });
    expect(taken('trial_ended', {})).toEqual({ trialing: 'active' });
    expect(taken('trial_ended', { payable: false })).toEqual({ trialing: 'paused' });
    expect(taken('renewal_unpaid', { owes: true })).toEqual({ active: 'past_due' });
    expect(taken('renewal_unpaid', {})).toEqual({});
    expect(taken('retries_exhausted', { owes: true })).toEqual({ past_due: 'canceled' });
    expect(taken('retries_exhausted', { owes: true, endPolicy: 'unpaid' })).toEqual({ past_due: 'unpaid' });
    expect(taken('retries_exhausted', { owes: true, endPolicy: 'leave_past_due' })).toEqual({});
    expect(taken('retries_exhausted', {})).toEqual({});
    expect(taken('pause', {})).toEqual({ active: 'paused' });
    expect(taken('pause', { owes: true })).toEqual({});
    expect(taken('resume', {})).toEqual({ paused: 'active' });
    expect(taken('resume', { payable: false })).toEqual({});
    expect(taken('resume', { owes: true })).toEqual({});
    expect(Object.keys(taken('cancel', {}))).toEqual(
      SUBSCRIPTION_STATES.filter((state) => state !== 'canceled' && state !== 'incomplete_expired'),
    );
  });

  it('is not moved by what is heard twice', () => {
    const all = [true, false].flatMap((owes) =>
      [true, false].map((payable) => now({ owes, payable, hoursSinceCreated: 30 })),
    );
    for (const event of EVENTS)
      for (const one of all)
        for (const state of SUBSCRIPTION_STATES) {
          const next = nextState(state, event, one);
          if (next !== null) expect(nextState(next, event, one)).toBeNull();
        }
  });

  it('begins with a payment, a trial, or at once', () => {
    expect(firstState({ inTrial: false, owes: true })).toBe('incomplete');
    expect(firstState({ inTrial: true, owes: true })).toBe('incomplete');
    expect(firstState({ inTrial: true, owes: false })).toBe('trialing');
    expect(firstState({ inTrial: false, owes: false })).toBe('active');
  });

  it('entitles to less the longer an invoice is open, and to nothing without a running subscription', () => {
    const policy = { restrictAfterDays: 10, blockAfterDays: 14 };
    const after = (days: number) => entitlementOf('past_due', days, policy);
    expect([0, 9, 10, 13, 14, 99].map(after)).toEqual([
      'grace',
      'grace',
      'restricted',
      'restricted',
      'none',
      'none',
    ]);
    for (const state of SUBSCRIPTION_STATES) {
      const running = BILLED_STATES.includes(state);
      expect(entitlementOf(state, 0, policy) === 'none').toBe(!running);
      if (state !== 'past_due')
        expect(entitlementOf(state, 99, policy)).toBe(entitlementOf(state, 0, policy));
    }
  });
});
