import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/**
 * Processor time so far, in milliseconds, of a process and of its database server. On a machine that others use too, what
 * a request costs stays the same while what is done in a second does not. Zero where there is no `/proc`.
 */
export function processorTime(pid: number, databaseUrl: string): { process: number; database: number } {
  return { process: ownTime(String(pid)), database: serverTime(new URL(databaseUrl)) };
}

/** All sessions of the server, those included that have ended: their time went to their parent. */
function serverTime({ pathname }: URL): number {
  const sessions = entriesOfProc().filter((pid) => read(`/proc/${pid}/cmdline`).startsWith('postgres: '));
  const one = sessions.find((pid) => read(`/proc/${pid}/cmdline`).includes(` ${pathname.slice(1)} `));
  if (one === undefined) return 0;
  const parent = fieldsOf(one)[1] ?? '';
  const ended = fieldsOf(parent);
  const own = sessions.filter((pid) => fieldsOf(pid)[1] === parent);
  return own.reduce(
    (sum, pid) => sum + ownTime(pid),
    (Number(ended[13] ?? 0) + Number(ended[14] ?? 0)) * TICK_MS,
  );
}

function ownTime(pid: string): number {
  const fields = fieldsOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** The name of the program, in brackets, may hold anything; what follows is plain fields, the state first. */
function fieldsOf(pid: string): string[] {
  return read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
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
