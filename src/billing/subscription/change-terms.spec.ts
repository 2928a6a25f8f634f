import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import { type Change, CHANGE_BEHAVIOURS, changeTerms } from './change-terms.js';
import type { Coupon } from './coupon.js';
import { INTERVAL_UNITS, periodAt, startOfDay } from './periods.js';
import { GRANULARITIES } from './proration.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const MONTH = { unit: 'month', count: 1 } as const;
const YEAR = { unit: 'year', count: 1 } as const;
const half: Coupon = { effect: { type: 'percent', ppm: 500_000 }, duration: 'once', cycles: null };
const cycle = (title: string, amount: number, quantity = 1) => ({ title, unitPrice: eur(amount), quantity });

/** From 10 to 20 euros at noon in the middle of 28 days. */
const change = (parts: Partial<Change> = {}): Change => ({
  schedule: { anchorDate: '2027-01-28', zone: 'Europe/Berlin', interval: MONTH },
  at: new Date('2027-03-14T11:00:00Z'),
  from: cycle('Basic', 1_000),
  to: { ...cycle('Pro', 2_000), interval: MONTH },
  billed: { amount: eur(1_000), credited: eur(0) },
  standsSince: null,
  coupon: null,
  nextCoupon: null,
  behaviour: null,
  granularity: 'day',
  ...parts,
});
const money = (parts: Partial<Change> = {}) =>
  changeTerms(change(parts)).lines.map(({ kind, amount }) => [kind, Number(amount.amount)]);
const sum = (parts: Change) =>
  Money.sum(
    changeTerms(parts).lines.map(({ amount }) => amount),
    'EUR',
  );

describe('a change within its interval', () => {
  it('is a credit and a debit, with the days that explain them', () => {
    const terms = changeTerms(change());
    expect(terms).toMatchObject({
      behaviour: 'invoice_now',
      bills: 'now',
      effectiveAt: change().at,
      schedule: change().schedule,
      period: { index: 1, start: '2027-02-28', end: '2027-03-28' },
    });
    expect(terms.lines).toEqual([
      {
        kind: 'credit',
        title: 'Basic',
        period: { start: '2027-03-14', end: '2027-03-28' },
        amount: eur(-500),
        formula: '(10.00 EUR × 1) × 14 ÷ 28 days = 5.00 EUR',
        workings: {
          unitPrice: { amount: 1_000, currency: 'EUR' },
          quantity: 1,
          discount: { amount: 0, currency: 'EUR' },
          net: { amount: 1_000, currency: 'EUR' },
          part: 14,
          whole: 28,
          unit: 'day',
          limitedTo: null,
        },
      },
      expect.objectContaining({
        kind: 'debit',
        title: 'Pro',
        amount: eur(1_000),
        formula: '(20.00 EUR × 1) × 14 ÷ 28 days = 10.00 EUR',
      }),
    ]);
    expect(money({ granularity: 'second' })).toEqual([
      ['credit', -482],
      ['debit', 964],
    ]);
  });

  it('is billed now when it costs more, with the next invoice when it costs less, or as was asked', () => {
    const bills = (parts: Partial<Change>) => {
      const { behaviour, bills, lines } = changeTerms(change(parts));
      return [behaviour, bills, lines.length];
    };
    const less = { ...cycle('Mini', 500), interval: MONTH };
    expect(bills({ to: less })).toEqual(['prorate_next_invoice', 'next_invoice', 2]);
    expect(bills({ to: { ...cycle('Basic', 1_000, 3), interval: MONTH } })).toEqual([
      'invoice_now',
      'now',
      2,
    ]);
    expect(bills({ to: less, behaviour: 'invoice_now' })).toEqual(['invoice_now', 'now', 2]);
    expect(bills({ behaviour: 'prorate_next_invoice' })).toEqual(['prorate_next_invoice', 'next_invoice', 2]);
    expect(bills({ behaviour: 'none' })).toEqual(['none', 'nothing', 0]);
    expect(bills({ behaviour: 'at_period_end' })).toEqual(['at_period_end', 'nothing', 0]);
    expect(changeTerms(change({ behaviour: 'at_period_end' }))).toMatchObject({
      effectiveAt: startOfDay('2027-03-28', 'Europe/Berlin'),
      schedule: change().schedule,
      period: { index: 2, start: '2027-03-28' },
    });
  });

  it('has the discount of the running cycle on both sides, and gives back what is left of what was billed', () => {
    expect(money({ coupon: half, billed: { amount: eur(500), credited: eur(0) } })).toEqual([
      ['credit', -250],
      ['debit', 500],
    ]);
    const limited = changeTerms(change({ billed: { amount: eur(500), credited: eur(100) } })).lines[0];
    expect(limited?.amount).toEqual(eur(-400));
    expect(limited?.workings.limitedTo).toEqual({ amount: 400, currency: 'EUR' });
    expect(limited?.formula).toBe('(10.00 EUR × 1) × 14 ÷ 28 days = 5.00 EUR, at most 4.00 EUR');
    expect(changeTerms(change({ coupon: half })).lines[1]?.formula).toBe(
      '(20.00 EUR × 1 - 10.00 EUR) × 14 ÷ 28 days = 5.00 EUR',
    );
    expect(money({ billed: { amount: eur(0), credited: eur(0) } })).toEqual([['debit', 1_000]]);
  });

  it('gives back what was billed in place of the old price, by the days that it was billed for', () => {
    const from = cycle('Dear', 30_000);
    const billed = { amount: eur(3_000), credited: eur(0) };
    const since = (day: string) => new Date(`${day}T11:00:00Z`);
    // From before the period on, and from a day of it: of 28 and of 21 days 14 are left.
    for (const [day, left] of [
      ['2027-02-01', 1_500],
      ['2027-03-07', 2_000],
    ] as const)
      expect(money({ from, billed, standsSince: since(day), coupon: half })[0]).toEqual(['credit', -left]);
    const rest = { amount: eur(3_000), credited: eur(2_900) };
    const [limited] = changeTerms(change({ from, billed: rest, standsSince: since('2027-02-01') })).lines;
    expect(limited?.formula).toBe('(30.00 EUR × 1) × 14 ÷ 28 days = 15.00 EUR, at most 1.00 EUR');
    // What is dearer gives no less back either.
    const to = { ...cycle('Year', 10_000), interval: YEAR };
    expect(money({ from: cycle('Cheap', 300), to, billed, standsSince: since('2027-02-01') })).toEqual([
      ['credit', -1_500],
      ['debit', 10_000],
    ]);
  });

  it('costs nothing in a trial', () => {
    const at = new Date('2027-01-20T11:00:00Z');
    expect(changeTerms(change({ at }))).toMatchObject({
      bills: 'nothing',
      effectiveAt: at,
      period: null,
      lines: [],
    });
    const yearly = change({
      at,
      behaviour: 'at_period_end',
      to: { ...cycle('Year', 9_000), interval: YEAR },
    });
    expect(changeTerms(yearly)).toMatchObject({
      bills: 'nothing',
      effectiveAt: startOfDay('2027-01-28', 'Europe/Berlin'),
      schedule: { anchorDate: '2027-01-28', interval: YEAR },
      lines: [],
    });
  });
});

describe('a change of the interval', () => {
  const to = { ...cycle('Year', 10_000), interval: YEAR };

  it.each(GRANULARITIES)('begins a new period on that day and is billed now, by the %s', (granularity) => {
    for (const behaviour of [null, 'invoice_now', 'prorate_next_invoice'] as const) {
      const terms = changeTerms(change({ to, behaviour, granularity, coupon: half, nextCoupon: null }));
      expect(terms).toMatchObject({
        behaviour: 'invoice_now',
        bills: 'now',
        schedule: { anchorDate: '2027-03-14', interval: YEAR, zone: 'Europe/Berlin' },
        period: { index: 0, start: '2027-03-14', end: '2028-03-14' },
      });
      // The whole day of the change is in the new year, so the old month gives back 14 days of 28, and no half day.
      expect(terms.lines.map(({ amount, period }) => [Number(amount.amount), period.end])).toEqual([
        [-250, '2027-03-28'],
        [10_000, '2028-03-14'],
      ]);
    }
  });

  it('waits for the end of the period, or counts nothing of the old one, when that is wanted', () => {
    expect(changeTerms(change({ to, behaviour: 'at_period_end' }))).toMatchObject({
      bills: 'nothing',
      effectiveAt: startOfDay('2027-03-28', 'Europe/Berlin'),
      schedule: { anchorDate: '2027-03-28', interval: YEAR },
      period: { index: 0, end: '2028-03-28' },
      lines: [],
    });
    expect(money({ to, behaviour: 'none', nextCoupon: half })).toEqual([['debit', 5_000]]);
  });
});

describe('any change', () => {
  const prices = fc.record({ amount: fc.nat(100_000), quantity: fc.integer({ min: 1, max: 20 }) });
  const coupons = fc.option(
    fc
      .oneof(
        fc.nat(1_000_000).map((ppm): Coupon['effect'] => ({ type: 'percent', ppm })),
        fc
          .nat(5_000)
          .map((amount): Coupon['effect'] => ({ type: 'amount', money: { amount, currency: 'EUR' } })),
      )
      .map((effect): Coupon => ({ effect, duration: 'forever', cycles: null })),
  );
  const zones = fc.constantFrom('Europe/Berlin', 'America/Sao_Paulo', 'Pacific/Apia', 'America/St_Johns');
  const changes = fc
    .record({
      from: prices,
      to: prices,
      coupon: coupons,
      zone: zones,
      granularity: fc.constantFrom(...GRANULARITIES),
      unit: fc.constantFrom(...INTERVAL_UNITS),
      seconds: fc.integer({ min: -86_400, max: 800 * 86_400 }),
    })
    .map(({ from, to, coupon, zone, granularity, unit, seconds }): Change => {
      const schedule = { anchorDate: '2010-10-31', zone, interval: { unit, count: 1 } };
      return change({
        schedule,
        at: new Date(startOfDay(schedule.anchorDate, zone).getTime() + seconds * 1_000),
        from: cycle('From', from.amount, from.quantity),
        to: { ...cycle('To', to.amount, to.quantity), interval: schedule.interval },
        // More than any price: nothing is limited.
        billed: { amount: eur(10_000_000), credited: eur(0) },
        coupon,
        nextCoupon: coupon,
        granularity,
        behaviour: 'invoice_now',
      });
    });

  it('and its opposite come to nothing together', () => {
    fc.assert(
      fc.property(changes, (there) => {
        const back = { ...there, from: there.to, to: { ...there.from, interval: there.to.interval } };
        expect(sum(there).plus(sum(back))).toEqual(eur(0));
      }),
    );
  });

  it('gives back no more than was billed, however many follow each other', () => {
    const steps = fc.array(fc.record({ to: prices, later: fc.nat(4 * 86_400) }), { maxLength: 8 });
    fc.assert(
      fc.property(changes, steps, (first, all) => {
        let now: Change = { ...first, billed: { amount: eur(3_000), credited: eur(0) } };
        let paid = eur(3_000);
        for (const { to, later } of all) {
          const { lines, period } = changeTerms(now);
          const of = (kind: string) => lines.find((line) => line.kind === kind)?.amount ?? eur(0);
          const credited = of('credit').negated();
          expect(credited.compare(now.billed.amount) <= 0).toBe(true);
          paid = paid.minus(credited).plus(of('debit'));
          expect(paid.isNegative()).toBe(false);
          const at = new Date(now.at.getTime() + later * 1_000);
          if (periodAt(now.schedule, at)?.index !== period?.index) return;
          now = { ...now, at, from: now.to, to: { ...now.to, ...cycle('Next', to.amount, to.quantity) } };
          now = { ...now, billed: { amount: of('debit'), credited: eur(0) } };
        }
      }),
    );
  });

  it('leaves a period that runs when it takes effect', () => {
    const wanted = fc.record({
      behaviour: fc.constantFrom(...CHANGE_BEHAVIOURS),
      unit: fc.constantFrom(...INTERVAL_UNITS),
    });
    fc.assert(
      fc.property(changes, wanted, (one, { behaviour, unit }) => {
        const asked = { ...one, behaviour, to: { ...one.to, interval: { unit, count: 1 } } };
        const { schedule, period, effectiveAt } = changeTerms(asked);
        expect(effectiveAt >= one.at).toBe(true);
        if (period?.start === '2011-12-30') return;
        expect(period === null || periodAt(schedule, effectiveAt)?.start === period.start).toBe(true);
      }),
    );
  });
});
