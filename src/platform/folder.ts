import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BadSetting } from './setting.js';

/**
 * Makes a folder of the data folder with those above it, and returns the topmost that it had to make. Throws
 * `BadSetting` where there can be none. Node's own `recursive` never ends where nothing may be made, as below /proc.
 */
export function makeFolder(path: string): string | undefined {
  const folder = resolve(path);
  try {
    if (statSync(folder).isDirectory()) return undefined;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw toSetting(error);
    const above = makeFolder(dirname(folder));
    try {
      mkdirSync(folder);
    } catch (failure) {
      // Another process of the same data folder was quicker.
      if (codeOf(failure) !== 'EEXIST') throw toSetting(failure);
    }
    return above ?? folder;
  }
  throw refused();
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
const toSetting = (error: unknown) =>
  ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') ? refused() : error;
const refused = () => new BadSetting('DATA_DIR', 'there can be no folder: choose the path of a folder');
