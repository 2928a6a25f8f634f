import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { StartFailure } from './failure.js';

/** The user and group that the database server runs as. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root hands it to `postgres` or else `nobody`; an existing data folder stays with
 * its owner. Everybody else runs it as themselves: `undefined`.
 */
export function serverAccount(cluster: string): ServerAccount | undefined {
  const owner = fs.statSync(cluster, { throwIfNoEntry: false });
  const self = process.getuid?.();
  if (self === undefined) return undefined;
  if (self !== 0) {
    if (owner && owner.uid !== self) {
      throw new StartFailure(
        `The database in ${cluster} belongs to another user (id ${owner.uid}).`,
        'Start as that user or as root, or choose another folder with DATA_DIR.',
      );
    }
    return undefined;
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = accountOf('postgres') ?? accountOf('nobody');
  if (account) return account;
  throw new StartFailure(
    'PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it.',
    'Start as another user, or set DATABASE_URL to a server of your own.',
  );
}

function accountOf(name: string): ServerAccount | undefined {
  try {
    const ask = (flag: string) =>
      Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined;
  }
}

/** Whether the account may pass through the folder and all that lie above it. */
export function reachable(directory: string, account: ServerAccount | undefined): boolean {
  if (!account) return true;
  for (let here = fs.realpathSync(directory); ; here = path.dirname(here)) {
    const { uid, gid, mode } = fs.statSync(here);
    const needed = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return false;
    if (here === path.dirname(here)) return true;
  }
}
