import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { fulfilmentStatusOf, isCovered, paymentStatusOf } from './order.statuses.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const payment = (
  status: PaymentView['status'],
  captured = 0,
  refunded = 0,
  purpose: PaymentView['purpose'] = 'order',
) =>
  ({
    status,
    purpose,
    amount: eur(1000),
    captured: eur(captured),
    held: eur(status === 'authorized' ? 1000 - captured : 0),
    refunded: eur(refunded),
    givenOutside: eur(0),
    disputed: eur(0),
    disputeLost: eur(0),
    kept: eur(captured - refunded),
  }) as PaymentView;

describe('the statuses of an order', () => {
  it.each([
    ['none', [payment('requires_payment_method')]],
    ['none', []],
    ['authorized', [payment('authorized')]],
    ['authorized', [payment('authorized'), payment('captured', 1)]],
    ['paid', [payment('captured', 1000)]],
    ['paid', [payment('authorized'), payment('captured', 1000)]],
    ['overcharged', [payment('authorized'), payment('captured', 1010)]],
    ['partially_paid', [payment('captured', 400)]],
    ['overcharged', [payment('captured', 1000), payment('captured', 10)]],
    ['partially_refunded', [payment('captured', 1000, 1)]],
    ['refunded', [payment('captured', 1000, 1000)]],
    ['partially_paid', [payment('captured', 900, 100)]],
    ['overcharged', [payment('captured', 1000, 1), payment('captured', 10)]],
    ['paid', [payment('captured', 1000, 1), payment('captured', 1)]],
    ['partially_refunded', [payment('captured', 1000, 2), payment('captured', 1)]],
    ['voided', [payment('canceled')]],
    ['none', [payment('canceled'), payment('processing')]],
    ['voided', [payment('canceled'), payment('processing', 0, 0, 'extra')]],
    ['voided', [payment('canceled'), payment('captured', 999, 0, 'extra')]],
    ['paid', [payment('canceled'), payment('captured', 1000, 0, 'extra')]],
    ['partially_paid', [payment('captured', 400), payment('captured', 599, 0, 'extra')]],
  ])('say %s', (status, payments) => {
    expect(paymentStatusOf(payments, eur(1000))).toBe(status);
  });

  it('say what is too much of an order that has become smaller', () => {
    const back = [payment('captured', 1000, 300), payment('captured', 10)];
    expect(paymentStatusOf(back, eur(1000), eur(700))).toBe('overcharged');
    expect(paymentStatusOf([payment('captured', 1000, 310), ...back.slice(1)], eur(1000), eur(700))).toBe(
      'partially_refunded',
    );
    // All of it came twice: one of the two has gone back, and the other is on its way.
    const twice = [payment('captured', 1000, 1000), { ...payment('captured', 1000), kept: eur(0) }];
    expect(paymentStatusOf(twice, eur(1000))).toBe('partially_refunded');
    // What is on its way back is not too much.
    const onItsWay = { ...payment('captured', 1000, 300), kept: eur(690) };
    expect(paymentStatusOf([onItsWay, ...back.slice(1)], eur(1000), eur(700))).toBe('partially_refunded');
  });

  it('say that nothing of an order was refunded where what was paid for a change went back that came to nothing', () => {
    const part = payment('captured', 400, 0, 'extra');
    const statusOf = (...payments: PaymentView[]) =>
      paymentStatusOf(payments, eur(1400), eur(1000), eur(400));
    expect(statusOf(payment('captured', 1000), { ...part, kept: eur(0) })).toBe('paid');
    expect(statusOf(payment('captured', 1000, 400), part)).toBe('paid');
    expect(statusOf(payment('captured', 1000, 410), part, payment('captured', 10))).toBe('paid');
    expect(statusOf(payment('captured', 1000, 400), part, payment('captured', 10))).toBe('overcharged');
    expect(statusOf(payment('captured', 1000, 500), part)).toBe('partially_refunded');
    expect(statusOf(payment('captured', 1000, 1000), { ...part, refunded: eur(400) })).toBe('refunded');
  });

  it('call an order paid that costs nothing', () => {
    expect(paymentStatusOf([], eur(0))).toBe('paid');
  });

  it('follow what was sent', () => {
    const line = (quantity: number, fulfilled: number, returned = 0, delivered = 0) => ({
      ...{ quantity, fulfilled, returned, delivered, kind: 'physical' },
    });
    expect(fulfilmentStatusOf([line(2, 0), line(1, 0)])).toBe('unfulfilled');
    expect(fulfilmentStatusOf([line(2, 2), line(1, 0)])).toBe('partially_fulfilled');
    expect(fulfilmentStatusOf([line(2, 2), line(1, 1)])).toBe('fulfilled');
    expect(fulfilmentStatusOf([line(2, 2, 1), line(1, 1)])).toBe('returned_partially');
    expect(fulfilmentStatusOf([line(2, 2, 2), line(0, 0)])).toBe('returned');
    expect(fulfilmentStatusOf([line(2, 2, 2), line(1, 0)])).toBe('partially_fulfilled');
    expect(fulfilmentStatusOf([line(2, 2, 0, 2), line(1, 1)])).toBe('fulfilled');
    expect(fulfilmentStatusOf([line(2, 2, 0, 2), line(1, 0)])).toBe('partially_fulfilled');
    expect(fulfilmentStatusOf([line(2, 2, 0, 2), line(1, 1, 0, 1), line(0, 0)])).toBe('delivered');
    const file = { ...line(3, 0), kind: 'digital' };
    expect(fulfilmentStatusOf([line(2, 2), file])).toBe('fulfilled');
    expect(fulfilmentStatusOf([file])).toBe('not_required');
  });
});

describe('money that may be relied on', () => {
  it('is what stays: a late capture on its way back covers nothing', () => {
    const late = { ...payment('captured', 1000), kept: eur(0) };
    expect(isCovered([late], eur(1000))).toBe(false);
    expect(isCovered([payment('captured', 1000)], eur(1000))).toBe(true);
    expect(isCovered([late, payment('authorized', 0)], eur(1000))).toBe(true);
    // What was captured of a hold and went back again is not promised a second time.
    const partly = { ...payment('authorized', 400), kept: eur(0) };
    expect(isCovered([partly], eur(1000))).toBe(false);
    expect(isCovered([partly], eur(600))).toBe(true);
    expect(isCovered([], eur(0))).toBe(true);
  });
});
