import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import type { PaymentKind, PaymentStatus } from '../payment/payment.entity.js';
import { splitRefund } from './refund-split.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const KINDS: readonly PaymentKind[] = ['card', 'store_credit', 'gift_card'];
const payments = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom(...KINDS),
    status: fc.constantFrom<PaymentStatus>('captured', 'captured', 'captured', 'canceled', 'requires_review'),
    refundable: fc.nat(10_000).map(eur),
    createdAt: fc.nat(1_000).map((at) => new Date(at)),
  }),
  { selector: ({ id }) => id, maxLength: 8 },
);
const sumOf = (all: readonly { amount: Money }[]) =>
  Money.sum(
    all.map(({ amount }) => amount),
    'EUR',
  );

describe('the split of a refund', () => {
  it('adds up to the refund, takes no more than is left anywhere, and nothing where money waits for a person', () => {
    fc.assert(
      fc.property(payments, fc.integer({ min: 1, max: 60_000 }).map(eur), (all, amount) => {
        const parts = splitRefund(amount, all);
        const there = all.filter(({ status }) => status === 'captured');
        const most = sumOf(there.map(({ refundable }) => ({ amount: refundable })));
        if (parts === null) return most.compare(amount) < 0;
        expect(sumOf(parts)).toEqual(amount);
        for (const { payment, amount: part } of parts) {
          expect(payment.status).toBe('captured');
          expect(part.isZero() || part.isNegative()).toBe(false);
          expect(part.compare(payment.refundable)).toBeLessThanOrEqual(0);
        }
        return new Set(parts.map(({ payment }) => payment.id)).size === parts.length;
      }),
    );
  });

  it('empties cards before credit, credit before gift cards, and the newest of each before the older', () => {
    fc.assert(
      fc.property(payments, fc.integer({ min: 1, max: 60_000 }).map(eur), (all, amount) => {
        const parts = splitRefund(amount, all) ?? [];
        const takenFrom = new Map(parts.map(({ payment, amount: part }) => [payment.id, part]));
        const comesBefore = (a: (typeof all)[number], b: (typeof all)[number]) =>
          KINDS.indexOf(a.kind) < KINDS.indexOf(b.kind) || (a.kind === b.kind && a.createdAt > b.createdAt);
        for (const { payment } of parts) {
          const earlier = all.filter((each) => each.status === 'captured' && comesBefore(each, payment));
          for (const each of earlier) expect(takenFrom.get(each.id) ?? eur(0)).toEqual(each.refundable);
        }
      }),
    );
  });

  it('of many refunds in a row never gives back more than was there', () => {
    fc.assert(
      fc.property(
        payments,
        fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 12 }),
        (all, wanted) => {
          let left = all;
          let given = eur(0);
          for (const amount of wanted.map(eur)) {
            const parts = splitRefund(amount, left);
            if (parts === null) continue;
            given = given.plus(amount);
            left = left.map((each) => {
              const part = parts.find(({ payment }) => payment.id === each.id);
              return part ? { ...each, refundable: each.refundable.minus(part.amount) } : each;
            });
          }
          const there = all.filter(({ status }) => status === 'captured');
          expect(
            given.compare(sumOf(there.map(({ refundable }) => ({ amount: refundable })))),
          ).toBeLessThanOrEqual(0);
          for (const { refundable } of left) expect(refundable.isNegative()).toBe(false);
        },
      ),
    );
  });
});
