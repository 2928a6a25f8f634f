import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeFolder } from '../folder.js';
import { StartFailure } from './failure.js';
import { reachable, serverAccount, type ServerAccount } from './server-account.js';

/** Where the embedded server keeps its things, and as whom it runs. */
export interface PostgresHome {
  /** The folder to write into: the data folder of the program, or the one that stands in for it. */
  base: string;
  /** Complete or absent: a first start makes it beside and renames it. */
  home: string;
  cluster: string;
  account: ServerAccount | undefined;
  notice?: string;
}

/** The home that belongs to a data folder, without making anything. */
export function homeOf(dataDir: string): { base: string; home: string; cluster: string } {
  const pointer = pointerOf(dataDir);
  const base = fs.existsSync(pointer) ? fs.readFileSync(pointer, 'utf8').trim() : path.resolve(dataDir);
  const home = path.join(base, 'postgres');
  return { base, home, cluster: path.join(home, 'data') };
}

/**
 * Makes sure that there is a folder which the server's account can reach. When root starts the program below a folder that
 * is closed to everybody else, such as /root, the database moves to a folder outside, and a file in the data folder says
 * where.
 */
export function prepareHome(dataDir: string): PostgresHome {
  const found = homeOf(dataDir);
  const account = serverAccount(found.cluster);
  makePassable(path.resolve(dataDir), account);
  if (found.base !== path.resolve(dataDir)) {
    if (fs.existsSync(found.base)) return { ...found, account };
    throw new StartFailure(
      `The database folder ${found.base}, named in ${pointerOf(dataDir)}, is gone.`,
      'Put it back, or give the data up with `npm run reset`.',
    );
  }
  if (reachable(found.base, account)) return { ...found, account };
  const elsewhere = path.join(
    fs.existsSync('/var/lib') && reachable('/var/lib', account) ? '/var/lib' : os.tmpdir(),
    `guildhall-${randomBytes(4).toString('hex')}`,
  );
  makePassable(elsewhere, account);
  fs.writeFileSync(pointerOf(dataDir), `${elsewhere}\n`);
  return {
    ...homeOf(dataDir),
    account,
    notice: `The database server does not run as root and cannot reach ${found.base}: its data is in ${elsewhere}.`,
  };
}

export const postgresUser = 'guildhall';

export function connectionUrl(home: string, port: number, database: string): string {
  const password = fs.readFileSync(path.join(home, 'password'), 'utf8').trim();
  return `postgres://${postgresUser}:${password}@127.0.0.1:${port}/${database}`;
}

export function pointerOf(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'postgres-is-in');
}

/** Passable for the server's account, but still not for reading. */
function makePassable(directory: string, account: ServerAccount | undefined): void {
  const first = makeFolder(directory);
  if (!account) return;
  const top = first ?? directory;
  for (let here = directory; here.length >= top.length; here = path.dirname(here)) {
    fs.chmodSync(here, fs.statSync(here).mode | 0o111);
  }
}
