import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StartFailure } from './failure.js';
import { connectionUrl, type PostgresHome } from './postgres-home.js';
import { freePort, isRunning, pidFileOf, runningPostmaster, type Postmaster } from './postmaster.js';

const LOG_LIMIT = 10 * 1024 * 1024;

/** The server of one data folder: found or launched, owned by a lock, revived when it dies, stopped. */
export class PostgresServer {
  port = 0;
  pid = 0;
  /** The server of an earlier process that was killed: found running and taken over. */
  adopted = false;
  private owner: pg.Client | undefined;
  private stopping = false;

  constructor(
    private readonly home: PostgresHome,
    private readonly binaries: string,
    private readonly settings: Record<string, string>,
    private readonly report: (line: string) => void,
  ) {}

  url(database = 'postgres'): string {
    return connectionUrl(this.home.home, this.port, database);
  }

  async start(port?: number): Promise<void> {
    const running = await this.find();
    this.adopted = running !== undefined;
    const { pid, port: taken } = running ?? (await this.launch(port));
    this.pid = pid;
    this.port = taken;
    await this.own();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.owner?.end().catch(() => undefined);
    // Interrupt: break off the sessions and write everything. Quit: at once, the next start recovers.
    for (const [signal, patience] of [
      ['SIGINT', 15_000],
      ['SIGQUIT', 5_000],
    ] as const) {
      if (!isRunning(this.pid, this.home.cluster)) return;
      process.kill(this.pid, signal);
      await until(() => !isRunning(this.pid, this.home.cluster), patience);
    }
  }

  async ensureDatabase(name: string): Promise<void> {
    const client = await this.connect();
    try {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (!rowCount) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
  }

  /** A server that is still recovering is waited for: a second one could not start beside it. */
  private async find(): Promise<Postmaster | undefined> {
    await until(() => runningPostmaster(this.home.cluster)?.ready !== false, 60_000);
    return runningPostmaster(this.home.cluster);
  }

  private async launch(wanted?: number): Promise<Postmaster> {
    for (let attempt = 1; ; attempt++) {
      const { postmaster, complaint } = await this.spawn(wanted ?? (await freePort()));
      if (postmaster) return postmaster;
      const passing = /lock file|shared memory|in use/i.test(complaint);
      if (!passing || attempt === 10) {
        throw new StartFailure(
          `The embedded PostgreSQL did not start: ${lastWords(complaint)}`,
          `See ${this.logFile}, run \`npm run doctor\`, or set DATABASE_URL to a server of your own.`,
        );
      }
      if (/lock file/.test(complaint)) {
        const running = await this.find();
        if (running) return running;
        // Left by a dead server whose number another process has now, which PostgreSQL cannot know.
        fs.rmSync(pidFileOf(this.home.cluster), { force: true });
      }
      await sleep(200);
    }
  }

  private async spawn(port: number): Promise<{ postmaster?: Postmaster; complaint: string }> {
    const log = fs.openSync(this.logFile, 'a', 0o600);
    if (fs.fstatSync(log).size > LOG_LIMIT) fs.ftruncateSync(log);
    const start = fs.fstatSync(log).size;
    const settings = Object.entries(this.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(
      path.join(this.binaries, 'bin', 'postgres'),
      ['-D', this.home.cluster, '-p', String(port), ...settings],
      { ...this.home.account, detached: true, stdio: ['ignore', log, log] },
    );
    fs.closeSync(log);
    let ended: string | undefined;
    child.once('error', (error) => (ended = error.message));
    child.once('exit', (code, signal) => (ended ??= `it exited with ${code ?? signal}`));
    const ready = () =>
      runningPostmaster(this.home.cluster)?.pid === child.pid && runningPostmaster(this.home.cluster)?.ready;
    await until(() => ended !== undefined || ready() === true, 60_000);
    child.unref();
    if (ended === undefined && child.pid && ready())
      return { postmaster: { pid: child.pid, port, ready: true }, complaint: '' };
    child.kill('SIGQUIT');
    const written = fs.readFileSync(this.logFile).subarray(start).toString('utf8');
    return { complaint: written || ended || 'it was not ready after a minute' };
  }

  /** Takes the lock, and revives the server when its session breaks off though nobody stopped it. */
  private async own(): Promise<void> {
    const client = await this.connect();
    // The session of an owner that was killed a moment ago may not have noticed yet.
    for (let attempt = 1; ; attempt++) {
      const { rows } = await client.query<{ mine: boolean }>(
        "SELECT pg_try_advisory_lock(hashtext('guildhall owner')) AS mine",
      );
      if (rows[0]?.mine) break;
      if (attempt === 10) {
        await client.end();
        throw new StartFailure(
          `Another Guildhall is running on the data folder ${this.home.base}.`,
          'Stop it first, or give this one a folder of its own with DATA_DIR.',
        );
      }
      await sleep(100);
    }
    client.once('end', () => {
      if (!this.stopping)
        this.revive().catch((error: Error) => this.report(`The database is lost: ${error.message}`));
    });
    this.owner = client;
  }

  private async revive(): Promise<void> {
    this.report('The embedded PostgreSQL has stopped by itself: starting it again.');
    await sleep(200);
    if (!this.stopping) await this.start(this.port);
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url(), application_name: 'guildhall owner' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  private get logFile(): string {
    return path.join(this.home.home, 'log');
  }
}

/** The line of PostgreSQL's output that says what is wrong. */
export function lastWords(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.findLast((line) => /error|fatal|panic/i.test(line)) ?? lines.at(-1) ?? '').trim();
}

async function until(condition: () => boolean, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  while (!condition() && performance.now() < deadline) await sleep(10);
}
