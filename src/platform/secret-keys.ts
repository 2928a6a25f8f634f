import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './folder.js';

/** A derived key, and what is written beside that which it protects, so that it is known again; the name tells nothing of it. */
export interface NamedKey {
  id: string;
  key: Buffer;
}

export interface SecretKeys {
  /** A 256-bit key for one purpose (`pepper`, `cursor`, …), derived from SECRET_KEY by HKDF. */
  key(this: void, purpose: string): Buffer;
  /**
   * The keys of a purpose whose work outlives a change of SECRET_KEY: the present one first, which protects what is new,
   * then the one of SECRET_KEY_PREVIOUS, which only opens what is old. Never empty.
   */
  keyRing(this: void, purpose: string): [NamedKey, ...NamedKey[]];
}

/** Keys from the secret of the settings, or else from one that the data folder keeps; `previous` is the secret before. */
export function secretKeys(given: string | null, previous: string | null, dataDir: string): SecretKeys {
  // Made when a key is first asked for: whoever only reads the settings leaves no folder behind.
  let secret = given;
  const known = new Map<string, Buffer>();
  const key = (purpose: string): Buffer => {
    const made = known.get(purpose) ?? derive((secret ??= ownSecret(dataDir)), purpose);
    known.set(purpose, made);
    return made;
  };
  const keyRing = (purpose: string): [NamedKey, ...NamedKey[]] => {
    const present = named(key(purpose));
    return previous === null ? [present] : [present, named(derive(previous, purpose))];
  };
  return { key, keyRing };
}

function ownSecret(dataDir: string): string {
  const file = join(dataDir, 'secret.key');
  makeFolder(dataDir);
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // An earlier start made it, or another process of the same data folder was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

const derive = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'guildhall', purpose, 32));

const named = (key: Buffer): NamedKey => ({
  id: createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8),
  key,
});
