import { platformProblems } from '../../platform/http/problem.js';

const YEAR_MS = 366 * 86_400_000;

/**
 * When money came that staff write down; now, when they do not say. It is booked on that day, and the months of the books are closed one
 * after the other from the first that something was booked in: one slip of the year would leave thousands of them to be closed. So it is
 * no more than a year before what it pays was made (400).
 */
export function receivedAtOf(given: string | undefined, madeAt: Date, now: Date): Date {
  const at = given === undefined ? now : new Date(given);
  if (at > now) throw refused('is not there yet');
  if (at.getTime() < madeAt.getTime() - YEAR_MS)
    throw refused('must be no more than a year before what it pays');
  return at;
}

const refused = (message: string) =>
  platformProblems.invalid_input(undefined, {
    errors: [{ pointer: '/receivedAt', code: 'invalid', message }],
  });
