import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import { isDisposable } from './disposable-domains.js';
import {
  type Conditions,
  decide,
  type Facts,
  type Fired,
  type FraudRule,
  holdsFor,
  RULE_MODES,
  SCREENING_OUTCOMES,
} from './fraud-rule.js';
import { replay } from './replay.js';
import type { Screening } from './screening.repository.js';

const facts: Facts = {
  kind: 'order',
  amount: '5000',
  currency: 'EUR',
  shippingCountry: 'DE',
  billingCountry: 'FR',
  itemCount: 3,
  guest: true,
  disposableEmail: false,
};
const fired = fc.record<Fired>({
  ruleId: fc.uuid(),
  name: fc.constant('rule'),
  mode: fc.constantFrom(...RULE_MODES),
  outcome: fc.constantFrom(...SCREENING_OUTCOMES),
  priority: fc.integer({ min: -2, max: 2 }),
});
const rule = (conditions: Conditions, of: Partial<FraudRule> = {}): FraudRule => ({
  ...{ id: 'rule', name: 'rule', mode: 'live', outcome: 'block', priority: 0, conditions },
  ...{ activeSince: new Date(0), archivedAt: null, version: 1, createdAt: new Date(0) },
  ...of,
});
const attempt = (second: number, of: Partial<Screening> = {}): Screening => ({
  ...{ operationId: `${second}`, paymentId: 'payment', orderId: null, at: new Date(second * 1_000) },
  ...{ amount: Money.of(5000n, 'EUR'), facts, outcome: null, fired: [], risk: null, status: 'failed' },
  keys: { network: 'n', email: 'e', customer: null, card: 'c', link: null },
  ...of,
});

describe('a rule of the screening', () => {
  it('holds when all holds that it asks for', () => {
    const cases: [Conditions, boolean][] = [
      [{ amountAtLeast: { amount: 5000, currency: 'EUR' } }, true],
      [{ amountAtLeast: { amount: 5001, currency: 'EUR' } }, false],
      [{ amountAtLeast: { amount: 1, currency: 'USD' } }, false],
      [{ currency: 'EUR', guest: true }, true],
      [{ currency: 'EUR', guest: false }, false],
      [{ countriesDiffer: true, shippingCountries: ['DE'] }, true],
      [{ countriesDiffer: false }, false],
      [{ shippingCountries: ['AT'] }, false],
      [{ itemsAtLeast: 3 }, true],
      [{ itemsAtLeast: 4 }, false],
      [{ disposableEmail: true }, false],
      [{ riskAtLeast: 0 }, false],
    ];
    for (const [conditions, expected] of cases)
      expect([conditions, holdsFor(conditions, facts)]).toEqual([conditions, expected]);
    expect(holdsFor({ riskAtLeast: 75 }, facts, 75)).toBe(true);
    expect(holdsFor({ countriesDiffer: true }, { ...facts, shippingCountry: null })).toBe(false);
  });

  it('of those that hold the strictest live one wins, unless one of a higher priority allows', () => {
    fc.assert(
      fc.property(fc.array(fired), (all) => {
        const live = all.filter(({ mode }) => mode === 'live');
        const floor = Math.max(
          -9,
          ...live.filter(({ outcome }) => outcome === 'allow').map((each) => each.priority),
        );
        const strengths = live
          .filter(({ priority }) => priority >= floor)
          .map(({ outcome }) => SCREENING_OUTCOMES.indexOf(outcome));
        expect(SCREENING_OUTCOMES.indexOf(decide(all))).toBe(Math.max(0, ...strengths));
        // What only watches changes nothing, nor does the order.
        expect(decide(live.toReversed())).toBe(decide(all));
      }),
    );
  });

  it('knows providers of short-lived addresses and what is below them', () => {
    for (const email of ['a@mailinator.com', 'b@X.Mailinator.COM', 'c@yopmail.fr'])
      expect(isDisposable(email)).toBe(true);
    for (const email of ['a@example.com', 'b@notmailinator.com', 'mailinator.com@example.org'])
      expect(isDisposable(email)).toBe(false);
  });
});

describe('attempts of the past', () => {
  const failures = { per: 'network', count: 'failures', atLeast: 3, withinMinutes: 1 } as const;

  it('count within the window, and what was blocked is no failure', () => {
    const times = [0, 1, 2, 3, 4, 60.5, 61.5, 62.5, 63, 200];
    const outcomes = replay(
      times.map((second) => attempt(second)),
      [rule({ velocity: [failures] })],
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'allow',
      'allow',
      'allow',
      'block',
      'block',
      'allow',
      'allow',
      'allow',
      'block',
      'allow',
    ]);
  });

  it('of however many no more pass than the rule lets through', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 40 }), (atLeast, many) => {
        const all = Array.from({ length: many }, (_, second) => attempt(second / 100));
        const passed = replay(all, [rule({ velocity: [{ ...failures, atLeast }] })]);
        expect(passed.filter(({ outcome }) => outcome === 'allow')).toHaveLength(Math.min(many, atLeast));
      }),
    );
  });

  it('count other cards, and nothing by a key that an attempt does not have', () => {
    const cards = rule({ velocity: [{ per: 'network', count: 'cards', atLeast: 2, withinMinutes: 60 }] });
    const of = (card: string | null, second: number) =>
      attempt(second, { keys: { network: 'n', email: null, customer: null, card, link: null } });
    const outcomes = replay([of('a', 0), of('b', 1), of('a', 2), of('c', 3), of(null, 4)], [cards]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['allow', 'allow', 'allow', 'block', 'block']);
    const byEmail = rule({ velocity: [{ per: 'email', count: 'attempts', atLeast: 1, withinMinutes: 60 }] });
    expect(replay([of('a', 0), of('a', 1)], [byEmail]).map(({ outcome }) => outcome)).toEqual([
      'allow',
      'allow',
    ]);
  });
});
