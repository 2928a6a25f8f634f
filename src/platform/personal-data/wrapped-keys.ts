import { randomBytes } from 'node:crypto';
import type { NamedKey } from '../secret-keys.js';
import { seal, unseal } from '../sealed.js';

/** Rows of a statement: of the application, or of a migration, which has no `Database`. */
export type Ask = <R extends object>(sql: string, values: unknown[]) => Promise<R[]>;

/** The keys of SECRET_KEY for this purpose, the present one first. */
export type KeyRing = readonly [NamedKey, ...NamedKey[]];

export interface WrappedKey {
  subjectId: string;
  keyId: string;
  wrapped: Buffer | null;
}

/** What wraps the keys of people: `config.keyRing(WRAPPING)`. */
export const WRAPPING = 'subject-keys';

/** Makes a key for each subject that never had one, and answers those that were made. */
export async function makeKeys(
  ask: Ask,
  [present]: KeyRing,
  subjectIds: readonly string[],
): Promise<Map<string, Buffer>> {
  const keys = new Map(subjectIds.map((id) => [id, randomBytes(32)]));
  const wrapped = [...keys].map(([id, key]) => wrap(present, id, key));
  const made = await ask<{ id: string }>(MAKE, [[...keys.keys()], present.id, wrapped]);
  return new Map(made.map(({ id }) => [id, keys.get(id) ?? Buffer.alloc(0)]));
}

/** The living and the destroyed (null) keys of these subjects; who never had one is left out. */
export async function readKeys(
  ask: Ask,
  ring: KeyRing,
  subjectIds: readonly string[],
): Promise<Map<string, Buffer | null>> {
  const rows = await ask<WrappedKey>(READ, [subjectIds]);
  return new Map(rows.map((row) => [row.subjectId, unwrap(ring, row)]));
}

export function wrap({ key }: NamedKey, subjectId: string, subjectKey: Buffer): Buffer {
  return seal(key, subjectKey.toString('base64'), placeOf(subjectId));
}

/** Null when it was destroyed. Throws when no key of the ring has wrapped it. */
export function unwrap(ring: KeyRing, { subjectId, keyId, wrapped }: WrappedKey): Buffer | null {
  if (wrapped === null) return null;
  const found = ring.find(({ id }) => id === keyId);
  if (!found)
    throw new Error(
      `personal data is sealed with another SECRET_KEY (${keyId}): set the one before as SECRET_KEY_PREVIOUS`,
    );
  return Buffer.from(unseal(found.key, wrapped, placeOf(subjectId)), 'base64');
}

const placeOf = (subjectId: string): string => `platform.subject_keys|wrapped|${subjectId}`;

const MAKE = `
  INSERT INTO platform.subject_keys (subject_id, key_id, wrapped)
  SELECT id, $2, wrapped FROM unnest($1::uuid[], $3::bytea[]) AS made (id, wrapped)
  ON CONFLICT (subject_id) DO NOTHING RETURNING subject_id AS id`;
const READ = `
  SELECT subject_id AS "subjectId", key_id AS "keyId", wrapped FROM platform.subject_keys
  WHERE subject_id = ANY ($1::uuid[])`;
