import { Temporal } from 'temporal-polyfill';
import { platformProblems } from '../../platform/http/problem.js';

export const DAY = {
  max: 10,
  pattern: /^\d{4}-\d\d-\d\d$/,
  patternHint: 'must be a day such as 2026-11-21',
};
export const MONTH = {
  max: 7,
  pattern: /^\d{4}-(0[1-9]|1[0-2])$/,
  patternHint: 'must be a month such as 2026-11',
};

/** The day of this moment in a zone; of one that nobody knows, in UTC. */
export function dayIn(zone: string, at: Date): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(at.getTime());
  try {
    return instant.toZonedDateTimeISO(zone).toPlainDate().toString();
  } catch {
    return instant.toZonedDateTimeISO('UTC').toPlainDate().toString();
  }
}

/** The last moment of a day in a zone; of one that nobody knows, in UTC. */
export function endOfDay(zone: string, day: string): Date {
  const next = Temporal.PlainDate.from(day).add({ days: 1 });
  const begin = (of: string) => next.toZonedDateTime(of).epochMilliseconds;
  try {
    return new Date(begin(zone) - 1);
  } catch {
    return new Date(begin('UTC') - 1);
  }
}

export const monthOf = (day: string): string => day.slice(0, 7);
export const firstDay = (month: string): string => `${month}-01`;
export const lastDay = (month: string): string =>
  Temporal.PlainYearMonth.from(month).toPlainDate({ day: 31 }).toString();
export const monthAfter = (month: string): string =>
  Temporal.PlainYearMonth.from(month).add({ months: 1 }).toString();

/** Days that exist, the first not after the last. 400 names the one at fault. */
export function assertSpan(span: { from?: string; to?: string; on?: string }): void {
  for (const [name, day] of Object.entries(span))
    if (day !== undefined && !exists(day))
      throw platformProblems.invalid_input(undefined, {
        errors: [{ pointer: `/query/${name}`, code: 'not_a_day', message: 'must be a day that exists' }],
      });
  if (span.from !== undefined && span.to !== undefined && span.from > span.to)
    throw platformProblems.invalid_input(undefined, {
      errors: [{ pointer: '/query/to', code: 'too_early', message: 'must not be before `from`' }],
    });
}

/** Both are days that exist; `name` is that of the filter. 400 names the one at fault. */
export function assertDays(name: string, { gte, lte }: { gte?: string; lte?: string } = {}): void {
  for (const [bound, day] of Object.entries({ gte, lte }))
    if (day !== undefined && !exists(day))
      throw platformProblems.invalid_input(undefined, {
        errors: [
          { pointer: `/query/${name}/${bound}`, code: 'not_a_day', message: 'must be a day that exists' },
        ],
      });
}

function exists(day: string): boolean {
  try {
    Temporal.PlainDate.from(day, { overflow: 'reject' });
    return true;
  } catch {
    return false;
  }
}
