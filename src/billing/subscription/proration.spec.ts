import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import {
  addDays,
  type BillingPeriod,
  localDate,
  periodAt,
  periodOf,
  type Schedule,
  startOfDay,
} from './periods.js';
import { type Billed, creditOf, debitOf, GRANULARITIES, shareLeft } from './proration.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const all = (amount: number): Billed => ({ amount: eur(amount), credited: eur(0) });
const berlin: Schedule = {
  anchorDate: '2027-01-28',
  zone: 'Europe/Berlin',
  interval: { unit: 'month', count: 1 },
};
/** A moment somewhere in a period of any subscription. */
const moments = fc
  .record({
    anchorDate: fc.integer({ min: 0, max: 9_000 }).map((days) => addDays('2005-01-01', days)),
    zone: fc.constantFrom(
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Asia/Kolkata',
      'Pacific/Apia',
      'Africa/Cairo',
      'America/St_Johns',
    ),
    unit: fc.constantFrom('week', 'month', 'year'),
    seconds: fc.nat(700 * 86_400),
  })
  .map(({ anchorDate, zone, unit, seconds }) => {
    const schedule: Schedule = { anchorDate, zone, interval: { unit, count: 1 } };
    const at = new Date(startOfDay(anchorDate, zone).getTime() + seconds * 1_000);
    return { schedule, at, period: periodAt(schedule, at) as BillingPeriod };
  });
const shares = fc
  .tuple(moments, fc.constantFrom(...GRANULARITIES))
  .map(([{ schedule, at, period }, unit]) => shareLeft(schedule, period, at, unit));
const amounts = fc.nat(10_000_000).map(eur);

describe('proration', () => {
  const period = periodOf(berlin, 1);
  const noon = new Date('2027-03-14T11:00:00Z');

  it('counts days, the day of the change as new, or seconds of the instants', () => {
    expect(period).toEqual({ index: 1, start: '2027-02-28', end: '2027-03-28' });
    const days = shareLeft(berlin, period, noon, 'day');
    expect(days).toEqual({ part: 14n, whole: 28n, unit: 'day' });
    expect(creditOf(eur(1_000), days, all(1_000))).toEqual(eur(-500));
    expect(debitOf(eur(2_000), days)).toEqual(eur(1_000));

    const seconds = shareLeft(berlin, period, noon, 'second');
    expect(seconds).toEqual({ part: 1_166_400n, whole: 2_419_200n, unit: 'second' });
    expect(creditOf(eur(1_000), seconds, all(1_000))).toEqual(eur(-482));
    expect(debitOf(eur(2_000), seconds)).toEqual(eur(964));
  });

  it('knows that March in Berlin is an hour short', () => {
    const march: Schedule = { ...berlin, anchorDate: '2027-03-01' };
    const first = new Date('2027-02-28T23:00:00Z');
    expect(shareLeft(march, periodOf(march, 0), first, 'second')).toMatchObject({
      part: 2_674_800n,
      whole: 2_674_800n,
    });
    expect(shareLeft(march, periodOf(march, 0), first, 'day')).toMatchObject({ part: 31n, whole: 31n });
  });

  it('begins on its first day where the clock goes back into the evening before', () => {
    const newfoundland: Schedule = { ...berlin, anchorDate: '2006-10-29', zone: 'America/St_Johns' };
    const again = new Date('2006-10-29T03:00:00Z');
    const first = periodAt(newfoundland, again) as BillingPeriod;
    expect([first.index, localDate(again, newfoundland.zone)]).toEqual([0, '2006-10-28']);
    expect(shareLeft(newfoundland, first, again, 'day')).toMatchObject({ part: 31n, whole: 31n });
  });

  it('measures by the whole anchored period, however late it was joined', () => {
    const quarter: Schedule = { ...berlin, anchorDate: '2026-01-01', interval: { unit: 'month', count: 3 } };
    const joined = new Date('2026-05-19T22:00:00Z');
    const running = periodAt(quarter, joined) as BillingPeriod;
    expect(shareLeft(quarter, running, joined, 'day')).toEqual({ part: 42n, whole: 91n, unit: 'day' });
  });

  it('gives a share of the whole: all at its beginning, less and less until its end', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...GRANULARITIES), ({ schedule, at, period }, unit) => {
        const [begin, end] = [startOfDay(period.start, schedule.zone), startOfDay(period.end, schedule.zone)];
        const { part, whole } = shareLeft(schedule, period, at, unit);
        expect(part > 0n && part <= whole).toBe(true);
        const first = shareLeft(schedule, period, begin, unit);
        expect([first.part === whole, first.whole === whole]).toEqual([true, true]);
        const later = new Date(Math.floor((at.getTime() + end.getTime()) / 2_000) * 1_000);
        expect(shareLeft(schedule, period, later, unit).part <= part).toBe(true);
        if (unit === 'second') {
          // What has passed and what is left add up.
          expect(BigInt((at.getTime() - begin.getTime()) / 1_000) + part).toBe(whole);
        }
      }),
    );
  });

  it('gives and takes the same for the same', () => {
    fc.assert(
      fc.property(shares, amounts, (share, net) => {
        expect(debitOf(net, share).plus(creditOf(net, share, { amount: net, credited: eur(0) }))).toEqual(
          eur(0),
        );
      }),
    );
  });

  it('never gives back more than was billed, in however many steps', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(shares, amounts), { maxLength: 8 }), amounts, (steps, amount) => {
        let credited = eur(0);
        for (const [share, net] of steps) {
          const credit = creditOf(net, share, { amount, credited });
          expect(credit.compare(eur(0)) <= 0).toBe(true);
          credited = credited.minus(credit);
          expect(credited.compare(amount) <= 0).toBe(true);
        }
      }),
    );
    expect(
      creditOf(eur(1_000), { part: 1n, whole: 2n, unit: 'day' }, { amount: eur(700), credited: eur(300) }),
    ).toEqual(eur(-400));
    expect(
      creditOf(eur(1_000), { part: 1n, whole: 2n, unit: 'day' }, { amount: eur(1), credited: eur(2) }),
    ).toEqual(eur(0));
  });
});
