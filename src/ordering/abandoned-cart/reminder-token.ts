import { createHmac, timingSafeEqual } from 'node:crypto';

const FORM = /^cr_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.([\w-]{43})$/;

/** What a letter's link holds by which no more of them come: which cart it was about, sealed. It serves nothing else. */
export const stopToken = (key: Buffer, cartId: string): string =>
  `cr_${cartId}.${seal(key, `stop ${cartId}`)}`;

/** Which cart it was about, or null when it was sealed with none of these keys: letters lie about for long. */
export function readStopToken(keys: readonly Buffer[], token: string): string | null {
  const [, cartId, given] = FORM.exec(token) ?? [];
  if (cartId === undefined || given === undefined) return null;
  const isOurs = keys.some((key) =>
    timingSafeEqual(Buffer.from(given), Buffer.from(seal(key, `stop ${cartId}`))),
  );
  return isOurs ? cartId : null;
}

/** What opens the cart from a letter to this address: the same in each letter, and another for another address. */
export const restoreToken = (key: Buffer, cartId: string, email: string): string =>
  seal(key, `restore ${cartId} ${email}`);

const seal = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');
