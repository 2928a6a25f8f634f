import { spawnSync, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { realNow } from '../clock.js';
import { StartFailure } from './failure.js';
import { usableBinaries } from './postgres-binaries.js';
import { connectionUrl, homeOf, postgresUser, prepareHome, type PostgresHome } from './postgres-home.js';
import { lastWords, PostgresServer } from './postgres-server.js';
import { runningPostmaster } from './postmaster.js';

export interface EmbeddedPostgresOptions {
  dataDir: string;
  /** The database to make sure of. */
  database?: string;
  /** More `-c` settings of the server. */
  settings?: Record<string, string>;
  /** Takes what the user should know, a line at a time. */
  report?: (line: string) => void;
}

const defaults = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  random_page_cost: '1.1',
  jit: 'off',
  lc_messages: 'C',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Starts the PostgreSQL of the npm package on the data folder, or takes over the one that still runs there.
 *
 * The server is a process group of its own: Ctrl-C must reach the program first, which then stops its database last. It
 * outlives a killed program, and the next start adopts it. Of two programs on one data folder the second is refused, by a
 * lock that lives in a session of the server and so can never be left behind.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<PostgresServer> {
  const home = prepareHome(options.dataDir);
  if (home.notice) options.report?.(home.notice);
  const binaries = usableBinaries(home.base, home.account);
  if (!fs.existsSync(home.home)) await initialise(binaries, home);

  const server = new PostgresServer(
    home,
    binaries,
    { ...defaults, ...options.settings },
    options.report ?? (() => undefined),
  );
  await server.start();
  if (options.database) await server.ensureDatabase(options.database);
  return server;
}

/** The address of the server that runs on the data folder at this moment, whoever owns it. */
export function runningPostgres(dataDir: string, database: string): string | undefined {
  const { home, cluster } = homeOf(dataDir);
  const postmaster = runningPostmaster(cluster);
  return postmaster?.ready ? connectionUrl(home, postmaster.port, database) : undefined;
}

/** A new cluster, made beside and renamed, so that an interrupted first start leaves nothing that looks finished. */
async function initialise(binaries: string, { base, home, account }: PostgresHome): Promise<void> {
  for (const name of fs.readdirSync(base).filter((entry) => entry.startsWith('postgres-new-'))) {
    const left = path.join(base, name);
    // Younger ones may be in the making by another start.
    const made = fs.statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (made < realNow().getTime() - 60_000) fs.rmSync(left, { recursive: true, force: true });
  }
  const draft = fs.mkdtempSync(path.join(base, 'postgres-new-'));
  try {
    const cluster = path.join(draft, 'data');
    const passwordFile = path.join(draft, 'password');
    fs.mkdirSync(cluster, { mode: 0o700 });
    fs.writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    if (account) {
      fs.chmodSync(draft, 0o711);
      for (const name of [cluster, passwordFile]) fs.chownSync(name, account.uid, account.gid);
    }
    const options: SpawnOptions = { ...account, stdio: ['ignore', 'pipe', 'pipe'] };
    const made = spawnSync(
      path.join(binaries, 'bin', 'initdb'),
      [
        ...[
          `--pgdata=${cluster}`,
          `--username=${postgresUser}`,
          `--pwfile=${passwordFile}`,
          '--auth=scram-sha-256',
        ],
        // No locale of the machine: the same order of words everywhere.
        ...['--encoding=UTF8', '--locale-provider=builtin', '--locale=C', '--builtin-locale=C.UTF-8'],
        ...['--data-checksums', '--no-sync', '--no-instructions'],
      ],
      { ...options, encoding: 'utf8' },
    );
    if (made.status !== 0) {
      throw new StartFailure(
        `The embedded PostgreSQL could not make its data folder: ${made.error?.message ?? lastWords(made.stderr)}`,
        'Run `npm run doctor`, choose another DATA_DIR, or set DATABASE_URL to a server of your own.',
      );
    }
    fs.renameSync(draft, home);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    // Another start on the same folder was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
