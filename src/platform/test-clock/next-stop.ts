const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Within the hours (UTC) of the nightly jobs. */
const NIGHT_MS = 2 * HOUR_MS;

/**
 * Where a clock on its way from `now` to `to` stops next: when the next thing is due, but not before an hour is over, since a
 * thousand things due in one hour need no thousand stops; every night, since that is when nightly jobs run; at the end.
 */
export function nextStop(now: Date, to: Date, due: Date | null): Date {
  const night = Math.floor((now.getTime() - NIGHT_MS) / DAY_MS + 1) * DAY_MS + NIGHT_MS;
  const soon = due === null ? Infinity : Math.max(due.getTime(), now.getTime() + HOUR_MS);
  return new Date(Math.min(night, soon, to.getTime()));
}
