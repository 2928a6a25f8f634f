import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import type { GatewayOutcome } from '../gateway/payment-gateway.port.js';
import type { Posting } from '../ledger/posting.js';
import { Operation, type OperationKind } from './operation.entity.js';
import {
  Payment,
  type PaymentFields,
  PAYMENT_STATUSES,
  type PaymentStatus,
  TRANSITIONS,
} from './payment.entity.js';

const EUR = (amount: number | bigint) => Money.of(amount, 'EUR');
const now = new Date('2026-11-21T10:00:00Z');

const payment = (fields: Partial<PaymentFields> = {}) =>
  new Payment({
    id: 'p',
    orderId: 'o',
    invoiceId: null,
    customerId: null,
    status: 'processing',
    amount: EUR(100),
    captured: EUR(0),
    captureReserved: EUR(0),
    captureBefore: null,
    capture: 'automatic',
    disputed: EUR(0),
    disputeLost: EUR(0),
    refundReserved: EUR(0),
    refunded: EUR(0),
    givenOutside: EUR(0),
    gateway: 'test',
    purpose: 'order',
    instrumentId: null,
    last4: null,
    gatewayRef: null,
    operationId: 'a1',
    attempts: 1,
    declineCode: null,
    reviewReason: null,
    nextActionUrl: null,
    version: 1,
    createdAt: now,
    ...fields,
  } as PaymentFields);

const operation = (id = 'a1', kind: OperationKind = 'authorize', amount = EUR(100)) =>
  new Operation({
    id,
    paymentId: 'p',
    kind,
    status: 'created',
    attempt: 1,
    amount,
    gatewayRef: null,
    gatewayVersion: 0,
    code: null,
    refundId: kind === 'refund' ? `refund of ${id}` : null,
    chargeId: null,
    offSession: false,
    final: true,
    saveMethod: false,
    advice: null,
    checks: 0,
    nextCheckAt: null,
    attentionSince: null,
  });

const untold = { captureBefore: null, method: null, risk: null };

const outcomes = {
  captured: { kind: 'ok', ref: 'ch', version: 2, amount: EUR(100), captured: true, ...untold },
  held: { kind: 'ok', ref: 'ch', version: 2, amount: EUR(100), captured: false, ...untold },
  other: { kind: 'ok', ref: 'ch', version: 2, amount: EUR(101), captured: true, ...untold },
  declined: {
    kind: 'declined',
    ref: 'ch',
    version: 1,
    code: 'generic_decline',
    hard: false,
    advice: 'retry',
  },
  pending: { kind: 'pending', ref: 'ch', version: 1 },
  challenge: {
    kind: 'action_required',
    ref: 'ch',
    version: 1,
    next: { type: 'redirect', url: 'https://bank.test' },
  },
  errored: { kind: 'errored', code: 'gateway_unreachable', retryable: true },
  unknown: { kind: 'unknown', cause: 'timeout' },
} satisfies Record<string, GatewayOutcome>;

const balanced = (postings: readonly Posting[]) =>
  postings.every(({ legs }) => legs.reduce((sum, { amount }) => sum + amount.amount, 0n) === 0n);

describe('Payment', () => {
  it.each<[PaymentStatus, keyof typeof outcomes, PaymentStatus]>([
    ['processing', 'captured', 'captured'],
    ['processing', 'held', 'authorized'],
    ['processing', 'other', 'requires_review'],
    ['processing', 'declined', 'requires_payment_method'],
    ['processing', 'errored', 'requires_payment_method'],
    ['processing', 'pending', 'processing'],
    ['processing', 'challenge', 'requires_action'],
    ['processing', 'unknown', 'processing'],
    ['requires_action', 'captured', 'captured'],
    ['requires_action', 'pending', 'processing'],
    ['requires_action', 'declined', 'requires_payment_method'],
    ['requires_action', 'unknown', 'requires_action'],
    // An attempt that seemed lost came true before anybody tried again: it counts.
    ['requires_payment_method', 'captured', 'captured'],
  ])('%s hears %s and is %s', (status, outcome, expected) => {
    const subject = payment({ status });
    const settlement = subject.settle(operation(), outcomes[outcome]);
    expect(subject.status).toBe(expected);
    expect(balanced(settlement.postings)).toBe(true);
  });

  it('takes in an outcome once', () => {
    const [subject, attempt] = [payment(), operation()];
    expect(subject.settle(attempt, outcomes.captured)).toMatchObject({ changed: true, payment: 'captured' });
    const again = subject.settle(attempt, outcomes.captured);
    expect(again).toMatchObject({ changed: false, payment: null, postings: [] });
    expect(subject.captured).toEqual(EUR(100));
  });

  it('never loses a capture to a late decline or doubt', () => {
    const [subject, attempt] = [payment(), operation()];
    subject.settle(attempt, outcomes.captured);
    for (const late of [outcomes.declined, outcomes.unknown, outcomes.pending, outcomes.errored]) {
      expect(subject.settle(attempt, late).changed).toBe(false);
    }
    expect(subject.status).toBe('captured');
  });

  it.each<PaymentStatus>(['canceled', 'captured'])('gives back what comes late to a %s payment', (status) => {
    const subject = payment({
      status,
      operationId: 'a2',
      captured: status === 'captured' ? EUR(100) : EUR(0),
    });
    const settlement = subject.settle(operation('a1'), outcomes.captured);
    expect(subject.status).toBe(status);
    expect(settlement.giveBack).toMatchObject({ kind: 'refund', ref: 'ch', amount: EUR(100) });
    expect(settlement.payment).toBeNull();
    // Late money is no part of the payment: what it says of itself stays true.
    expect(subject).toMatchObject({ refundReserved: EUR(0), refunded: EUR(0) });
    expect(subject.captured).toEqual(status === 'captured' ? EUR(100) : EUR(0));
  });

  it('releases a hold that comes late', () => {
    const settlement = payment({ status: 'canceled' }).settle(operation(), outcomes.held);
    expect(settlement.giveBack).toMatchObject({ kind: 'void' });
    expect(settlement.postings).toEqual([]);
  });

  describe('with a refund of 60 under way', () => {
    const refunding = () => payment({ status: 'captured', captured: EUR(100), refundReserved: EUR(60) });
    const refund = () => operation('r1', 'refund', EUR(60));
    const done = { kind: 'ok', ref: 'ch', version: 3, amount: EUR(60), captured: false, ...untold } as const;

    it('settles it once', () => {
      const [subject, call] = [refunding(), refund()];
      expect(subject.settle(call, done)).toMatchObject({
        refund: 'settled',
        postings: [{ kind: 'refund_settled' }],
      });
      expect(subject.settle(call, done).changed).toBe(false);
      expect(subject.refunded).toEqual(EUR(60));
    });

    it.each(['unknown', 'pending', 'errored'] as const)('keeps the room while it is %s', (outcome) => {
      const subject = refunding();
      subject.settle(refund(), outcomes[outcome]);
      expect(subject.refundable).toEqual(EUR(40));
    });

    it('frees the room when it is refused', () => {
      const subject = refunding();
      expect(subject.settle(refund(), outcomes.declined)).toMatchObject({
        refund: 'failed',
        postings: [{ kind: 'refund_withdrawn' }],
      });
      expect(subject.refundable).toEqual(EUR(100));
    });

    it('reverses it when it comes back days later', () => {
      const [subject, call] = [refunding(), refund()];
      subject.settle(call, done);
      const settlement = subject.settle(call, outcomes.declined);
      expect(settlement.postings.map(({ kind }) => kind)).toEqual(['refund_reversed', 'refund_withdrawn']);
      expect(subject).toMatchObject({ refunded: EUR(0), refundable: EUR(100), status: 'captured' });
      expect(subject.settle(call, done).changed).toBe(false);
    });
  });

  it.each<[number, boolean, string, number, number]>([
    // Asked for 60 of 100, as the last one or not; what the gateway took; what is left of the hold for others.
    [60, false, 'authorized', 60, 40],
    [45, false, 'authorized', 45, 55],
    [45, true, 'captured', 45, 55],
    [70, false, 'authorized', 70, 30],
    [130, false, 'captured', 130, 0],
  ])('takes %i of a hold of which 60 were asked for (final: %s)', (took, final, status, captured, left) => {
    const subject = payment({ status: 'authorized', capture: 'manual', captureReserved: EUR(60) });
    const call = new Operation({ ...operation('c1', 'capture', EUR(60)), final });
    const done = { kind: 'ok', ref: 'ch', version: 2, amount: EUR(took), captured: true, ...untold } as const;
    expect(balanced(subject.settle(call, done).postings)).toBe(true);
    expect(subject).toMatchObject({ status, captured: EUR(captured), isCapturing: false });
    expect(subject.amount.minus(subject.captureReserved)).toEqual(EUR(left));
    expect(subject.settle(call, done).changed).toBe(false);
  });

  it.each([
    [false, 'authorized', null],
    [true, 'canceled', 'canceled'],
  ] as const)('keeps a capture in another currency apart (final: %s)', (final, status, fact) => {
    const subject = payment({ status: 'authorized', capture: 'manual', captureReserved: EUR(60) });
    const call = new Operation({ ...operation('c1', 'capture', EUR(60)), final });
    const amount = Money.of(60, 'USD');
    const done = { kind: 'ok', ref: 'ch', version: 2, amount, captured: true, ...untold } as const;
    const { foreign, postings, payment: told } = subject.settle(call, done);
    expect([foreign, told, balanced(postings)]).toEqual([{ ref: 'ch', amount }, fact, true]);
    expect(subject).toMatchObject({
      ...{ status, captured: EUR(0), captureReserved: EUR(0), isCapturing: false },
    });
    expect(subject.settle(call, done).changed).toBe(false);
  });

  it('only ever takes legal steps, keeps refunds within captures and the books even, whatever it hears', () => {
    const step = fc.tuple(
      fc.constantFrom('a1', 'a2'),
      fc.constantFrom(...Object.keys(outcomes)) as fc.Arbitrary<keyof typeof outcomes>,
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.constantFrom(...PAYMENT_STATUSES),
        (steps, status) => {
          const subject = payment({ status, operationId: 'a2' });
          const attempts = { a1: operation('a1'), a2: operation('a2') };
          for (const [id, outcome] of steps) {
            const before = subject.status;
            const { postings } = subject.settle(attempts[id as 'a1' | 'a2'], outcomes[outcome]);
            if (subject.status !== before) expect(TRANSITIONS[before]).toContain(subject.status);
            expect(balanced(postings)).toBe(true);
            expect(subject.refundReserved.amount).toBeLessThanOrEqual(subject.captured.amount);
            expect(subject.refunded.amount).toBeLessThanOrEqual(subject.refundReserved.amount);
          }
        },
      ),
    );
  });
});

describe('Operation', () => {
  it('is looked at after 5 minutes, an hour and then daily while its outcome is unknown', () => {
    const pauses = Array.from({ length: 8 }, (_, checks) => {
      const next = Operation.nextCheck('unknown', 'authorize', checks, now);
      return next === null ? null : (next.getTime() - now.getTime()) / 60_000;
    });
    expect(pauses).toEqual([5, 60, 1440, 1440, 1440, 1440, 1440, 1440]);
    const overdue = [6, 7, 8].map((checks) => Operation.isOverdue('unknown', 'refund', checks));
    expect(overdue).toEqual([false, true, true]);
  });

  it('is not looked at once it is decided', () => {
    expect(Operation.nextCheck('succeeded', 'refund', 0, now)).toBeNull();
    expect(Operation.nextCheck('failed', 'authorize', 0, now)).toBeNull();
  });
});
