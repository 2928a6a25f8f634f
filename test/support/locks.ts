import { setTimeout as wait } from 'node:timers/promises';

type Ask = (sql: string) => Promise<unknown>;

/**
 * Waits until so many sessions of this database wait for a lock, and fails when they never do.
 *
 * `pg_locks` is read afresh by every statement. `pg_stat_activity` is not: within a transaction it
 * goes on showing the sessions there were at the first look, so one that connects later is never seen.
 */
export async function untilWaiting(ask: Ask, many = 1): Promise<void> {
  for (let look = 0; look < 6_000; look++) {
    const answer = await ask(
      `SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l
       WHERE NOT l.granted AND EXISTS (
         SELECT FROM pg_catalog.pg_locks own
         WHERE own.pid = l.pid AND own.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    );
    const rows = Array.isArray(answer) ? answer : (answer as { rows: unknown[] }).rows;
    if (rows.length >= many) return;
    await wait(10);
  }
  throw new Error(`fewer than ${many} wait for a lock`);
}
