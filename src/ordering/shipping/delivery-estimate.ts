export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When the shop works; holidays are local dates. */
export interface Calendar {
  /** IANA name. */
  timeZone: string;
  /** `HH:MM` of the shop: what is ordered before it counts for this day. */
  cutOff: string;
  /** Working days until a parcel is handed over; 0: on the day itself. */
  processingDays: number;
  workingDays: readonly Weekday[];
  holidays: readonly { date: string; title: string }[];
}

/** As staff change it. */
export type KeptCalendar = Calendar & { version: number };

/** Working days on the way. */
export interface TransitDays {
  min: number;
  max: number;
}

/** Local dates of the shop, `YYYY-MM-DD`. */
export interface Estimate {
  earliest: string;
  latest: string;
}

const DAY_MS = 86_400_000;
/** Nobody closes for so long; a calendar that does gives no estimate. */
const LOOK_AHEAD = 1_500;

/**
 * When a parcel arrives that is ordered now: it is taken up today when that is a working day and the cut-off has not
 * come, else on the next working day; handed over after the working days of processing; and on its way for the working
 * days of transit. All of it in the dates of the shop's own time zone. Null when the shop never works.
 */
export function estimate(
  calendar: Calendar,
  now: Date,
  transit: TransitDays,
  processingDays: number = calendar.processingDays,
): Estimate | null {
  const { date, time } = localTime(calendar.timeZone, now);
  const today = dayOf(date);
  const isWorking = workingDays(calendar);
  const takenUp = isWorking(today) && time < calendar.cutOff ? today : after(today, 1, isWorking);
  const handedOver = takenUp && after(takenUp, processingDays, isWorking);
  const earliest = handedOver && after(handedOver, transit.min, isWorking);
  const latest = handedOver && after(handedOver, transit.max, isWorking);
  return earliest && latest ? { earliest: dateOf(earliest), latest: dateOf(latest) } : null;
}

function workingDays({ workingDays: weekdays, holidays }: Calendar): (day: number) => boolean {
  const closed = new Set(holidays.map(({ date }) => dayOf(date)));
  const open = new Set<string | undefined>(weekdays);
  // The first day of 1970 was a Thursday.
  return (day) => open.has(WEEKDAYS[(day + 3) % 7]) && !closed.has(day);
}

/** The working day that comes so many working days later. */
function after(day: number, days: number, isWorking: (day: number) => boolean): number | null {
  let at = day;
  for (let left = days; left > 0;) {
    at++;
    if (at - day > LOOK_AHEAD) return null;
    if (isWorking(at)) left--;
  }
  return at;
}

const dayOf = (date: string): number => Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What calendar and clock on the wall show there. */
function localTime(timeZone: string, at: Date): { date: string; time: string } {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit' },
    });
    clocks.set(timeZone, clock);
  }
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? '';
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
  };
}

/** Whether this machine knows a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Whether it is a day that there is: no 30th of February. */
export const isDate = (text: string): boolean => {
  const day = dayOf(text);
  return !Number.isNaN(day) && dateOf(day) === text;
};
