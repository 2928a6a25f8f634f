import fc from 'fast-check';
import { type Candidate, dueOf, type KeptLine, kindsFor, postingsOf, verdictOn } from './settlement.js';

const units = fc.bigInt({ min: -1_000_000n, max: 1_000_000n });
const line = fc
  .record({
    kind: fc.constantFrom<KeptLine['kind']>(
      'charge',
      'refund',
      'fee',
      'dispute',
      'dispute_fee',
      'payout',
      'other',
    ),
    amount: units,
    fee: fc.bigInt({ min: -500n, max: 5_000n }),
  })
  .map((of): KeptLine => ({
    ...{ id: 'line', gateway: 'test', lineId: 'txn_1', ref: 'ch_1', operationId: null, currency: 'EUR' },
    ...{
      at: new Date(0),
      payoutRef: null,
      status: 'missing_here',
      transactionId: null,
      booked: 0n,
      told: null,
    },
    ...of,
  }));
const candidate = (moved: bigint, takenBy: string | null = null): Candidate => ({
  ...{ transactionId: `t${moved}${takenBy}`, paymentId: 'p', orderId: 'o', invoiceId: null },
  ...{ moved, takenBy },
});

describe('a line of a settlement', () => {
  it('is booked in balance, out of the account of its gateway, by exactly what it is due', () => {
    fc.assert(
      fc.property(line, (each) => {
        const legs = postingsOf(each).flatMap((posting) => {
          expect(posting.legs.reduce((sum, { amount }) => sum + amount.amount, 0n)).toBe(0n);
          expect(posting.legs.every(({ amount }) => amount.amount !== 0n)).toBe(true);
          return posting.legs;
        });
        const out = legs.filter(({ account }) => account === 'assets:provider:test:clearing');
        expect(-out.reduce((sum, { amount }) => sum + amount.amount, 0n)).toBe(dueOf(each));
      }),
    );
  });

  it('matches a posting of its amount that no other line has, whatever else there is', () => {
    fc.assert(
      fc.property(line, fc.array(units, { maxLength: 4 }), (each, others) => {
        fc.pre(each.kind !== 'fee' && each.kind !== 'payout');
        const candidates = [...others.map((moved) => candidate(moved, 'another')), candidate(each.amount)];
        expect(verdictOn(each, candidates)).toMatchObject({ status: 'matched', expected: each.amount });
        expect(verdictOn(each, candidates).candidate?.takenBy).toBeNull();
      }),
    );
  });

  it.each([
    ['charge', [], 'missing_here', null],
    ['dispute_fee', [], 'fee_unbooked', null],
    ['charge', [candidate(99n)], 'amount_diff', 99n],
    ['charge', [candidate(100n, 'another')], 'duplicate', 100n],
    ['charge', [candidate(100n, 'line')], 'matched', 100n],
    ['charge', [candidate(100n, 'another'), candidate(99n)], 'amount_diff', 99n],
    ['payout', [], 'matched', null],
  ] as const)('%s beside %j is %s', (kind, candidates, status, expected) => {
    const [any] = fc.sample(line, 1);
    if (!any) throw new Error('there is one');
    expect(verdictOn({ ...any, kind, amount: 100n }, candidates)).toMatchObject({ status, expected });
  });

  it('that tells another payout than was booked is a difference', () => {
    const [any] = fc.sample(line, 1);
    if (!any) throw new Error('there is one');
    const payout = { ...any, kind: 'payout', amount: -100n, fee: 0n } as const;
    expect(verdictOn({ ...payout, booked: 100n }, []).status).toBe('matched');
    expect(verdictOn({ ...payout, booked: 90n }, [])).toMatchObject({
      status: 'amount_diff',
      expected: -90n,
    });
  });

  it('that tells another fee than was booked is a difference, however well its amount fits', () => {
    const kinds = fc.constantFrom('charge' as const, 'refund' as const);
    const fees = fc.bigInt({ min: 1n, max: 5_000n });
    fc.assert(
      fc.property(line, kinds, fees, fees, (any, kind, booked, fee) => {
        fc.pre(booked !== fee);
        const each = { ...any, kind, fee, booked };
        const { amount } = each;
        expect(verdictOn({ ...each, fee: booked }, [candidate(amount, 'line')]).status).toBe('matched');
        expect(verdictOn(each, [candidate(amount, 'line')])).toMatchObject({
          ...{ status: 'amount_diff', expected: amount - booked, found: amount - fee },
        });
      }),
    );
  });

  it('that is told in parts of a minor unit is booked by nobody but a person, beside its posting', () => {
    const [any] = fc.sample(line, 1);
    if (!any) throw new Error('there is one');
    const odd = {
      ...any,
      kind: 'charge',
      amount: 100n,
      fee: 35n,
      told: 'amount 100.00, fee 35.79 ISK',
    } as const;
    expect(verdictOn(odd, [candidate(100n)])).toMatchObject({
      ...{ status: 'fee_unbooked', candidate: { moved: 100n }, expected: null, found: -35n },
    });
    expect(verdictOn(odd, []).status).toBe('missing_here');
    expect(verdictOn({ ...odd, kind: 'payout', fee: 0n }, []).status).toBe('amount_diff');
    expect(dueOf(odd)).toBe(0n);
  });

  it('is held against postings that move the account in its direction', () => {
    const kinds = (kind: KeptLine['kind'], amount: bigint) => kindsFor({ kind, amount });
    expect([kinds('charge', 1n), kinds('charge', -1n)]).toEqual([['payment_captured'], []]);
    expect([kinds('refund', -1n), kinds('refund', 1n)]).toEqual([['refund_settled'], ['refund_reversed']]);
    expect([kinds('dispute', -1n), kinds('dispute', 1n)]).toEqual([['dispute_opened'], ['dispute_won']]);
    expect([kinds('dispute_fee', -1n), kinds('other', 1n)]).toEqual([['dispute_fee'], []]);
  });
});
