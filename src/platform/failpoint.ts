let armed: string | null = null;

/** Arms one named place; main.ts does so when NODE_ENV is `test` and FAILPOINT is set. */
export function armFailpoint(name: string | null): void {
  armed = name;
}

/**
 * Dies here as a power cut would, when this very place was armed: no handler, no rollback, no flush.
 * Crash tests name each place around a commit and an outside call and look at what is left.
 */
export function failpoint(name: string): void {
  if (armed === name) process.kill(process.pid, 'SIGKILL');
}
