import type { Readable } from 'node:stream';

/**
 * The way to the outside for files that stay: a folder, or a bucket of S3. Keys are lower-case words with single `.`, `-`
 * or `_` between them, and `/` between parts (`media/3f/0193.webp`). None of it may be called inside a transaction.
 * `platform.unavailable` (503) when the store does not answer.
 */
export abstract class ObjectStore {
  /** Keeps the bytes under the key, in place of what was there: all of them or nothing. */
  abstract put(key: string, bytes: Buffer, contentType: string): Promise<void>;
  /** The bytes as a stream that whoever asked has to read or to destroy; null when there is nothing under the key. */
  abstract get(key: string): Promise<Readable | null>;
  /** Repeating it is harmless. */
  abstract delete(key: string): Promise<void>;
  abstract exists(key: string): Promise<boolean>;
}

const KEY = /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/;

/** Refuses keys that could lead out of the store; they are made by us, so one is our own mistake. */
export function checkKey(key: string): void {
  if (key.length > 200 || !KEY.test(key)) throw new Error('this is no key of a file');
}
