import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/**
 * Processor time so far, in milliseconds, of a process and of the sessions of its database. On a machine that others use
 * too, what a request costs stays the same while what is done in a second does not. Zero where there is no `/proc`.
 */
export function processorTime(pid: number, databaseUrl: string): { process: number; database: number } {
  return { process: timeOf(String(pid)), database: sessionsOf(new URL(databaseUrl)) };
}

function sessionsOf({ pathname }: URL): number {
  const database = ` ${pathname.slice(1)} `;
  return entriesOfProc()
    .filter((pid) => {
      const title = read(`/proc/${pid}/cmdline`);
      return title.startsWith('postgres: ') && title.includes(database);
    })
    .reduce((sum, pid) => sum + timeOf(pid), 0);
}

function timeOf(pid: string): number {
  // The name of the program, in brackets, may hold anything; what follows is numbers.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

function entriesOfProc(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Processes come and go while one looks. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
