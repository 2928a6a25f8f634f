import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { NamedKey } from './secret-keys.js';

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM. `place` says where the sealed text is kept (table, column, row): moved to another place, it does not
 * open.
 */
export function seal(key: Buffer, text: string, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Throws when it was sealed with another key, for another place, or was changed. */
export function unseal(key: Buffer, sealed: Buffer, place: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG })
    .setAAD(Buffer.from(place))
    .setAuthTag(sealed.subarray(-TAG));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
}

/**
 * Opens what was sealed with one of the keys of a ring, whichever it was. `old`: not with the present one, so it has to be
 * sealed anew before the secret before is forgotten. Throws when none fits.
 */
export function unsealByRing(
  ring: readonly [NamedKey, ...NamedKey[]],
  sealed: Buffer,
  place: string,
): { text: string; old: boolean } {
  const [present, ...before] = ring;
  for (const { key } of before) {
    try {
      return { text: unseal(key, sealed, place), old: true };
    } catch {
      // The next key may be the one.
    }
  }
  return { text: unseal(present.key, sealed, place), old: false };
}
