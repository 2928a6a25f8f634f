import fc from 'fast-check';
import { type Calendar, estimate, isDate, isTimeZone } from './delivery-estimate.js';

const berlin: Calendar = {
  timeZone: 'Europe/Berlin',
  cutOff: '14:00',
  processingDays: 1,
  workingDays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
  holidays: [],
};
const from = (now: string, min = 1, max = 2, more: Partial<Calendar> = {}, processing?: number) => {
  const dates = estimate({ ...berlin, ...more }, new Date(now), { min, max }, processing);
  return dates && [dates.earliest, dates.latest];
};

describe('the day of delivery', () => {
  it('turns on the cut-off by the clock of the shop', () => {
    // Monday 23 November 2026, an hour ahead of UTC.
    expect(from('2026-11-23T12:59:59Z')).toEqual(['2026-11-25', '2026-11-26']);
    expect(from('2026-11-23T13:00:00Z')).toEqual(['2026-11-26', '2026-11-27']);
    expect(from('2026-11-23T12:59:59Z', 0, 0, { processingDays: 0 })).toEqual(['2026-11-23', '2026-11-23']);
    expect(from('2026-11-23T12:59:59Z', 0, 0, {}, 0)).toEqual(['2026-11-23', '2026-11-23']);
  });

  it('begins on the day that it is in the shop', () => {
    // Already Tuesday in Berlin, still Monday in New York.
    const late = '2026-11-23T23:30:00Z';
    expect(from(late)).toEqual(['2026-11-26', '2026-11-27']);
    expect(from(late, 1, 1, { timeZone: 'America/New_York', cutOff: '19:00' })).toEqual([
      '2026-11-25',
      '2026-11-25',
    ]);
  });

  it('follows the clock when it changes', () => {
    // 25 October 2026: until 3:00 Berlin is two hours ahead, afterwards one. A shop that works on Sundays.
    const sundays = {
      workingDays: [...berlin.workingDays, 'sunday' as const],
      processingDays: 0,
      cutOff: '14:00',
    };
    expect(from('2026-10-23T12:00:00Z', 0, 0, sundays)).toEqual(['2026-10-25', '2026-10-25']);
    expect(from('2026-10-25T12:59:00Z', 0, 0, sundays)).toEqual(['2026-10-25', '2026-10-25']);
    expect(from('2026-10-25T13:00:00Z', 0, 0, sundays)).toEqual(['2026-10-26', '2026-10-26']);
    // 29 March 2026: an hour is missing; 00:30 UTC is 1:30, 1:30 UTC is 3:30.
    expect(from('2026-03-29T00:30:00Z', 0, 0, { ...sundays, cutOff: '02:30' })).toEqual([
      '2026-03-29',
      '2026-03-29',
    ]);
    expect(from('2026-03-29T01:30:00Z', 0, 0, { ...sundays, cutOff: '02:30' })).toEqual([
      '2026-03-30',
      '2026-03-30',
    ]);
  });

  it('leaves out weekends, and holidays in a row', () => {
    // A Friday afternoon is taken up on Monday.
    expect(from('2026-11-27T15:00:00Z')).toEqual(['2026-12-02', '2026-12-03']);
    expect(from('2026-11-28T08:00:00Z')).toEqual(['2026-12-02', '2026-12-03']);
    const holidays = ['2026-12-24', '2026-12-25', '2026-12-28', '2026-12-31', '2027-01-01'].map((date) => ({
      date,
      title: 'Closed',
    }));
    // Wednesday 23 December: handed over on the 29th, there on the 30th or on Monday 4 January.
    expect(from('2026-12-23T09:00:00Z', 1, 2, { holidays })).toEqual(['2026-12-30', '2027-01-04']);
    expect(from('2026-12-24T09:00:00Z', 1, 1, { holidays })).toEqual(['2027-01-04', '2027-01-04']);
  });

  it('is not told by a shop that never works', () => {
    const holidays = Array.from({ length: 1_600 }, (_, day) => ({
      date: new Date(Date.UTC(2026, 10, 20 + day)).toISOString().slice(0, 10),
      title: 'Closed',
    }));
    expect(from('2026-11-23T09:00:00Z', 1, 2, { holidays })).toBeNull();
  });

  it('is a working day, not before the order, and never earlier for who orders later', () => {
    const moment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) });
    const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Asia/Kathmandu');
    fc.assert(
      fc.property(
        moment,
        fc.nat(400 * 3_600_000),
        zone,
        fc.nat(3),
        fc.nat(3),
        (now, wait, timeZone, min, more) => {
          const calendar = { ...berlin, timeZone, holidays: [{ date: '2026-12-25', title: 'Christmas' }] };
          const days = (moment_: number) => estimate(calendar, new Date(moment_), { min, max: min + more });
          const [first, second] = [days(now), days(now + wait)];
          if (!first || !second) throw new Error('no dates');
          expect(first.earliest <= first.latest).toBe(true);
          expect(first.earliest <= second.earliest && first.latest <= second.latest).toBe(true);
          expect([0, 6]).not.toContain(new Date(`${first.latest}T12:00:00Z`).getUTCDay());
          expect(first.latest).not.toBe('2026-12-25');
        },
      ),
    );
  });

  it('knows days and time zones that there are', () => {
    expect(['2028-02-29', '2027-02-29', '2026-13-01', 'never'].map(isDate)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(['Europe/Berlin', 'Europe/Atlantis'].map(isTimeZone)).toEqual([true, false]);
  });
});
