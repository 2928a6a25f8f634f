import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import { addDays } from '../subscription/periods.js';
import { earnedBefore, leftFrom, parted, type RevenueSchedule } from './revenue-schedule.js';

const eur = (amount: number | bigint) => Money.of(amount, 'EUR');
const schedule = (amount: number, from: string, to: string, next = from): RevenueSchedule => {
  const whole = { amount: eur(amount), from, to };
  const ids = { id: 's', invoiceId: 'i', lineId: 'cycle-1', subscriptionId: null };
  return { ...ids, ...whole, next, earned: earnedBefore(whole, next), heldSince: from };
};
const earnedOn = (one: RevenueSchedule, day: string): Money =>
  earnedBefore(one, addDays(day, 1)).minus(earnedBefore(one, day));

describe('what is earned of a line', () => {
  it('is the part of its days that are over, rounded, from the first day each time', () => {
    const january = schedule(1000, '2027-01-31', '2027-02-28');
    expect(earnedBefore(january, '2027-01-31')).toEqual(eur(0));
    expect(earnedBefore(january, '2027-02-01')).toEqual(eur(36));
    expect(earnedBefore(january, '2027-02-14')).toEqual(eur(500));
    expect(earnedBefore(january, '2027-02-28')).toEqual(eur(1000));
    expect(earnedBefore(january, '2027-05-01')).toEqual(eur(1000));
    expect(earnedBefore(january, '2026-05-01')).toEqual(eur(0));
    const leap = schedule(36_600, '2028-01-01', '2029-01-01');
    expect(earnedOn(leap, '2028-02-29')).toEqual(eur(100));
  });

  const amounts = fc.integer({ min: 0, max: 10_000_000 });
  const days = fc.integer({ min: 1, max: 400 });

  it('comes to the amount to the cent, never goes back, and no day is more than a cent beside the others', () => {
    fc.assert(
      fc.property(amounts, days, (amount, count) => {
        const from = '2027-01-31';
        const one = schedule(amount, from, addDays(from, count));
        let before = 0n;
        for (let day = 1; day <= count; day++) {
          const { amount: now } = earnedBefore(one, addDays(from, day));
          expect(now - before >= BigInt(Math.floor(amount / count))).toBe(true);
          expect(now - before <= BigInt(Math.ceil(amount / count))).toBe(true);
          before = now;
        }
        expect(before).toBe(BigInt(amount));
      }),
      { numRuns: 20 },
    );
  });

  it('stays what it was before a day from which on less is left, and the parts come to the whole', () => {
    fc.assert(
      fc.property(
        ...([amounts, days, fc.integer({ min: -5, max: 805 }), fc.nat(805), fc.nat(100)] as const),
        (amount, count, cutAfter, booked, percent) => {
          const from = '2028-02-28';
          const next = addDays(from, Math.min(booked, count));
          const one = schedule(amount, from, addDays(from, count), next);
          const cut = addDays(from, cutAfter);
          const left = leftFrom(one, cut);
          const kept = left.timesRatio(BigInt(percent), 100n);
          const { before, since } = parted(one, cut, kept);
          const sum = (before?.amount ?? eur(0)).plus(since?.amount ?? eur(0));
          expect(sum).toEqual(one.amount.minus(left).plus(kept));
          if (before) expect(one.earned.compare(before.amount) <= 0 && next <= before.to).toBe(true);
          if (since) expect(since.from < since.to && since.from >= next).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is nothing for days that are over or earned already', () => {
    const one = schedule(3000, '2027-06-01', '2027-07-01', '2027-06-11');
    expect(leftFrom(one, '2027-06-01')).toEqual(eur(2000));
    expect(leftFrom(one, '2027-06-16')).toEqual(eur(1500));
    expect(leftFrom(one, '2027-08-01')).toEqual(eur(0));
    // Ended on a day: all that is left is of that day.
    const { before, since } = parted(one, '2027-06-16', eur(1500), '2027-06-17');
    expect(before).toEqual({ to: '2027-06-16', amount: eur(1500) });
    expect(since).toMatchObject({ from: '2027-06-16', to: '2027-06-17', amount: eur(1500) });
  });
});
