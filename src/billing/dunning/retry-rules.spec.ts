import type { CardAttempt } from './collection.entity.js';
import { barOf, type Charge } from './retry-rules.js';

const HOUR = 3_600_000;
const NOW = new Date('2027-03-31T00:00:00Z');
const charge: Charge = {
  ...{ invoiceId: 'i1', methodId: 'm1', brand: 'visa', amount: 1900n, currency: 'EUR', now: NOW },
};
const failed = (hoursAgo: number, more: Partial<CardAttempt> = {}): CardAttempt => ({
  ...{
    at: new Date(NOW.getTime() - hoursAgo * HOUR),
    invoiceId: 'i1',
    methodId: 'm1',
    amount: 1900n,
    currency: 'EUR',
  },
  ...{ outcome: 'declined', code: 'insufficient_funds', advice: 'retry', ...more },
});
const many = (count: number, hoursAgo: (index: number) => number, more: Partial<CardAttempt> = {}) =>
  Array.from({ length: count }, (_, index) => failed(hoursAgo(index), more));

describe('whether a card may be tried again', () => {
  it.each([
    ['nothing has failed', [], null],
    ['there was too little', [failed(24)], null],
    ['it is stolen', [failed(24, { code: 'stolen_card' })], 'hard_decline'],
    [
      'it was stolen months ago, on another invoice',
      [failed(9000, { code: 'lost_card', invoiceId: 'i0' })],
      'hard_decline',
    ],
    ['the gateway says never', [failed(24, { code: 'odd', advice: 'never' })], 'hard_decline'],
    ['it has expired', [failed(24, { code: 'expired_card', advice: 'new_method' })], 'method_refused'],
    ['it had expired when it was kept before', [failed(24, { advice: 'new_method', methodId: 'm0' })], null],
    [
      'the bank wants its owner',
      [failed(24, { outcome: 'needs_customer', advice: 'authenticate' })],
      'authentication_required',
    ],
    [
      'the bank wanted its owner for another invoice',
      [failed(24, { advice: 'authenticate', invoiceId: 'i0' })],
      null,
    ],
    ['the gateway was away all the time', many(50, () => 1, { outcome: 'errored' }), null],
  ] as const)('%s', (_, past, bar) => {
    expect(barOf(charge, past)).toBe(bar);
  });

  it('not more than 20 times in 30 days for one amount on Visa', () => {
    expect(
      barOf(
        charge,
        many(19, (index) => index * 24 + 1),
      ),
    ).toBeNull();
    expect(
      barOf(
        charge,
        many(20, (index) => index * 24 + 1),
      ),
    ).toBe('scheme_limit');
    expect(
      barOf(
        charge,
        many(20, (index) => index * 24 + 1, { amount: 1800n }),
      ),
    ).toBeNull();
    expect(
      barOf(
        charge,
        many(20, () => 30 * 24 + 1),
      ),
    ).toBeNull();
  });

  it('not more than 10 times in a day and 35 in 30 days on Mastercard, whatever the amount', () => {
    const mastercard = { ...charge, brand: 'Mastercard' };
    expect(
      barOf(
        mastercard,
        many(9, () => 2, { amount: 5n }),
      ),
    ).toBeNull();
    expect(
      barOf(
        mastercard,
        many(10, () => 2, { amount: 5n }),
      ),
    ).toBe('scheme_limit');
    expect(
      barOf(
        mastercard,
        many(34, (index) => 25 + index),
      ),
    ).toBeNull();
    expect(
      barOf(
        mastercard,
        many(35, (index) => 25 + index),
      ),
    ).toBe('scheme_limit');
  });

  it('on a network that nobody knows the stricter of both', () => {
    const other = { ...charge, brand: 'girocard' };
    expect(
      barOf(
        other,
        many(10, () => 2),
      ),
    ).toBe('scheme_limit');
    expect(
      barOf(
        other,
        many(20, (index) => 25 + index * 24),
      ),
    ).toBe('scheme_limit');
  });
});
