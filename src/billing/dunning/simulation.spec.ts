import { Money } from '../../platform/money/money.js';
import { type PastAttempt, type PastCollection, simulate } from './simulation.js';

const DAY = 86_400_000;
const START = new Date('2027-03-01T00:01:00Z');
const at = (day: number): Date => new Date(START.getTime() + day * DAY + 30_000);
const attempt = (day: number, more: Partial<PastAttempt> = {}): PastAttempt => ({
  ...{ at: day === 0 ? START : at(day), kind: 'scheduled', outcome: 'declined' },
  ...{ code: 'insufficient_funds', advice: 'retry', ...more },
});
const past = (paidDay: number | null, attempts: PastAttempt[]): PastCollection => ({
  ...{ amount: Money.of(1900, 'EUR'), firstFailedAt: START, attempts },
  paidAt: paidDay === null ? null : at(paidDay),
});
const paid = { outcome: 'paid', code: null, advice: null } as const;

describe('a schedule against past declines', () => {
  const salary = past(9, [attempt(0), attempt(1), attempt(4), attempt(9, paid)]);

  it('does what was done, when it is the one that was used', () => {
    const { actual, predicted, undecided } = simulate([salary], [1, 4, 9, 16]);
    expect(actual).toMatchObject({ attempts: 3, recovered: 1, byCustomer: 0, days: 9 });
    expect(predicted).toEqual(actual);
    expect(undecided).toBe(0);
  });

  it('finds the money on the first day on which it is known to be there, and says where nobody knows', () => {
    const { predicted, undecided } = simulate([salary], [2, 7, 14]);
    expect(predicted).toMatchObject({ attempts: 3, recovered: 1, days: 14 });
    expect(undecided).toBe(1);
    expect(predicted.amounts.get('EUR')?.toJSON()).toEqual({ amount: 1900, currency: 'EUR' });
    expect(simulate([salary], [2, 3]).predicted).toMatchObject({ attempts: 2, recovered: 0 });
  });

  it('makes no attempt that is forbidden, and counts those that it saves', () => {
    const stolen = past(null, [attempt(0, { code: 'stolen_card', advice: 'new_method' })]);
    expect(simulate([stolen], [1, 4, 9, 16])).toMatchObject({
      predicted: { attempts: 0, recovered: 0 },
      avoided: 4,
    });
  });

  it('leaves to customers what they did alone', () => {
    const link = past(3, [attempt(0), attempt(1), attempt(3, { ...paid, kind: 'link' })]);
    const { predicted, actual } = simulate([link], [1, 2, 5]);
    expect(actual).toMatchObject({ attempts: 1, recovered: 1, byCustomer: 1 });
    expect(predicted).toMatchObject({ attempts: 2, recovered: 1, byCustomer: 1, days: 3 });
  });

  it('has nothing to say of nothing', () => {
    expect(simulate([], [1])).toMatchObject({ collections: 0, avoided: 0, undecided: 0 });
  });
});
