import { timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { hashOf } from '../../platform/secret.js';

/** `live` in production: a key of a sandbox opens nothing there, and whoever finds one sees what it is worth. */
export type KeyMode = 'live' | 'test';

/** A key as it was shown: whose it is, and what its secret hashes to. */
export interface Presented {
  id: string;
  hash: Buffer;
}

const SHAPE = /^(sk_(live|test)_([\w-]{22})_([\w-]{43}))_([\da-f]{8})$/;

/** What may be shown of a key for ever: enough to recognise a found one. */
export const prefixOf = (mode: KeyMode, id: string): string =>
  `sk_${mode}_${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}`;

/** `sk_<mode>_<id>_<secret>_<crc32>`: the prefix and the sum let scanners find keys that lie about, without asking us. */
export function writeKey(mode: KeyMode, id: string, secret: string): string {
  const text = `${prefixOf(mode, id)}_${secret}`;
  return `${text}_${sumOf(text)}`;
}

/** Null for what cannot be a key of this store; nothing is looked up for it then. */
export function readKey(mode: KeyMode, text: string): Presented | null {
  const [, summed = '', given, id = '', secret = '', sum] = SHAPE.exec(text) ?? [];
  if (given !== mode || sumOf(summed) !== sum) return null;
  const hex = Buffer.from(id, 'base64url').toString('hex');
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return { id: uuid, hash: hashOf(secret) };
}

/** Whether it is one of these secrets, in a time that does not say which or how nearly. */
export const isOneOf = (hash: Buffer, kept: readonly (Buffer | null)[]): boolean =>
  kept.filter((one) => one !== null && timingSafeEqual(one, hash)).length > 0;

const sumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');
