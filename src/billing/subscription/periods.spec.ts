import fc from 'fast-check';
import { newId } from '../../platform/ids.js';
import {
  addDays,
  billAt,
  daysBetween,
  INTERVAL_UNITS,
  localDate,
  periodAt,
  periodOf,
  type Schedule,
  startOfDay,
} from './periods.js';

const ZONES = [
  'Europe/Berlin',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Pacific/Apia',
  'Africa/Cairo',
  'America/New_York',
  'America/Havana',
  'America/St_Johns',
];
const monthly = (anchorDate: string, zone = 'Europe/Berlin'): Schedule => ({
  anchorDate,
  zone,
  interval: { unit: 'month', count: 1 },
});
const yearly = (anchorDate: string): Schedule => ({
  ...monthly(anchorDate),
  interval: { unit: 'year', count: 1 },
});
const starts = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, index) => periodOf(schedule, index).start);
const instant = (date: string, zone: string) => startOfDay(date, zone).toISOString();

const schedules = fc.record({
  anchorDate: fc.integer({ min: 0, max: 23_000 }).map((days) => addDays('1990-01-01', days)),
  zone: fc.constantFrom(...ZONES),
  interval: fc.record({ unit: fc.constantFrom(...INTERVAL_UNITS), count: fc.integer({ min: 1, max: 24 }) }),
});
const indexes = fc.integer({ min: 0, max: 150 });

describe('the periods of a subscription', () => {
  it('come back to the last day of every month, and to the leap day', () => {
    expect(starts(monthly('2027-01-31'), 5)).toEqual([
      '2027-01-31',
      '2027-02-28',
      '2027-03-31',
      '2027-04-30',
      '2027-05-31',
    ]);
    expect(starts(monthly('2027-12-30'), 4)).toEqual([
      '2027-12-30',
      '2028-01-30',
      '2028-02-29',
      '2028-03-30',
    ]);
    expect(starts(yearly('2028-02-29'), 5)).toEqual([
      '2028-02-29',
      '2029-02-28',
      '2030-02-28',
      '2031-02-28',
      '2032-02-29',
    ]);
  });

  it('begin with the local day, in summer and in winter', () => {
    const dates = starts(monthly('2027-01-31'), 4);
    expect(dates.map((date) => instant(date, 'Europe/Berlin'))).toEqual([
      '2027-01-30T23:00:00.000Z',
      '2027-02-27T23:00:00.000Z',
      '2027-03-30T22:00:00.000Z',
      '2027-04-29T22:00:00.000Z',
    ]);
    const march =
      startOfDay('2027-04-01', 'Europe/Berlin').getTime() -
      startOfDay('2027-03-01', 'Europe/Berlin').getTime();
    expect(march).toBe(2_674_800_000);
  });

  it.each([
    ['a clock that skips midnight', '2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    ['a clock that skips midnight', '2024-04-26', 'Africa/Cairo', '2024-04-25T22:00:00.000Z'],
    ['a clock that goes back to 23:00', '2018-02-18', 'America/Sao_Paulo', '2018-02-18T03:00:00.000Z'],
    ['a clock that goes back to 23:00', '2023-10-27', 'Africa/Cairo', '2023-10-26T22:00:00.000Z'],
    ['two midnights', '2024-11-03', 'America/Havana', '2024-11-03T04:00:00.000Z'],
    [
      'a clock that goes back a minute after midnight',
      '2006-10-29',
      'America/St_Johns',
      '2006-10-29T02:30:00.000Z',
    ],
    ['a day that never was', '2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['the day after it', '2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['half an hour', '2027-03-01', 'Asia/Kolkata', '2027-02-28T18:30:00.000Z'],
    ['the evening before', '2027-03-14', 'America/New_York', '2027-03-14T05:00:00.000Z'],
  ])('know %s', (_name, date, zone, expected) => {
    expect(instant(date, zone)).toBe(expected);
  });

  it('tile time: neither a gap nor an overlap, whatever the anchor, the zone and the interval', () => {
    fc.assert(
      fc.property(schedules, indexes, (schedule, index) => {
        const [one, next] = [periodOf(schedule, index), periodOf(schedule, index + 1)];
        expect(one.end).toBe(next.start);
        expect(daysBetween(one.start, one.end)).toBeGreaterThan(0);
        const [from, to] = [startOfDay(one.start, schedule.zone), startOfDay(one.end, schedule.zone)];
        // Only a day that a zone has left out has no time in it.
        expect(from < to || (schedule.zone === 'Pacific/Apia' && one.start === '2011-12-30')).toBe(true);
        if (from < to) {
          expect(periodAt(schedule, from)).toEqual(one);
          expect(periodAt(schedule, new Date(to.getTime() - 1))).toEqual(one);
        }
        expect(periodAt(schedule, to)?.start).toBe(
          next.start === '2011-12-30' && startOfDay(next.end, schedule.zone) <= to ? next.end : next.start,
        );
      }),
    );
  });

  it('are the same whether stepped through or asked for', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 30 }), (schedule, count) => {
        let at = startOfDay(schedule.anchorDate, schedule.zone);
        for (let index = 0; index < count; index += 1) {
          const stepped = periodAt(schedule, at);
          if (stepped?.index !== index) return expect(stepped?.start).toBe('2011-12-31');
          expect(stepped).toEqual(periodOf(schedule, index));
          at = startOfDay(stepped.end, schedule.zone);
        }
      }),
    );
  });

  it('hold the moment that was asked about', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 0, max: 40 * 366 * 86_400 }), (schedule, seconds) => {
        const first = startOfDay(schedule.anchorDate, schedule.zone).getTime();
        const at = new Date(first + seconds * 1_000);
        const period = periodAt(schedule, at);
        expect(startOfDay(period?.start ?? '', schedule.zone) <= at).toBe(true);
        expect(startOfDay(period?.end ?? '', schedule.zone) > at).toBe(true);
        expect(periodAt(schedule, new Date(first - 1))).toBeNull();
      }),
    );
  });

  it('have no time in a day that the zone left out', () => {
    const daily: Schedule = { ...monthly('2011-12-29', 'Pacific/Apia'), interval: { unit: 'day', count: 1 } };
    const [before, left, after] = [0, 1, 2].map((index) => periodOf(daily, index));
    expect([before?.end, left?.start, left?.end]).toEqual(['2011-12-30', '2011-12-30', '2011-12-31']);
    const midnight = startOfDay('2011-12-31', 'Pacific/Apia');
    expect(periodAt(daily, midnight)).toEqual(after);
    expect(periodAt(daily, new Date(midnight.getTime() - 1))).toEqual(before);
  });

  it('are billed within ten minutes of their beginning, always at the same second', () => {
    fc.assert(
      fc.property(schedules, indexes, (schedule, index) => {
        const id = newId();
        const due = billAt(schedule, index, id);
        const late = due.getTime() - startOfDay(periodOf(schedule, index).start, schedule.zone).getTime();
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThan(600_000);
        expect(billAt(schedule, index, id)).toEqual(due);
      }),
    );
    const some = new Set(
      Array.from({ length: 50 }, () => billAt(monthly('2027-01-31'), 0, newId()).getTime()),
    );
    expect(some.size).toBeGreaterThan(20);
  });

  it('read the date where the customer is', () => {
    const at = new Date('2027-01-31T23:30:00Z');
    expect(localDate(at, 'Europe/Berlin')).toBe('2027-02-01');
    expect(localDate(at, 'America/New_York')).toBe('2027-01-31');
    expect(addDays('2027-03-01', -1)).toBe('2027-02-28');
  });
});
