/** Making a formatter costs a hundred times more than using it, and using it more than the rest of a promotion. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const last = new Map<string, { minute: number; local: LocalTime }>();
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** What the clock and the calendar on the wall say. */
export interface LocalTime {
  /** ISO: 1 is Monday. */
  day: number;
  /** `HH:MM`, from `00:00` to `23:59`. */
  time: string;
}

/** Week day and time of day in an IANA zone; a zone that is unknown throws a RangeError. */
export function localTime(at: Date, timeZone: string): LocalTime {
  const minute = Math.floor(at.getTime() / 60_000);
  const known = last.get(timeZone);
  if (known?.minute === minute) return known.local;
  const parts = new Map(
    formatter(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const local = {
    day: DAYS.indexOf(parts.get('weekday') ?? '') + 1,
    time: `${parts.get('hour')}:${parts.get('minute')}`,
  };
  last.set(timeZone, { minute, local });
  return local;
}

/** Whether it is one of these days between these times; `to` not after `from` ends on the next day. */
export function isWithin(
  { day, time }: LocalTime,
  { days, from, to }: { days: readonly number[]; from: string; to: string },
): boolean {
  if (from < to) return days.includes(day) && from <= time && time < to;
  const yesterday = day === 1 ? 7 : day - 1;
  return (days.includes(day) && time >= from) || (days.includes(yesterday) && time < to);
}

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made);
  return made;
}
