import { createHmac, timingSafeEqual } from 'node:crypto';

const LIFETIME_SECONDS = 180 * 86_400;

/**
 * `dt_<end>.<mac>`: shows that somebody signed in to the account of this address before, from wherever it is kept. It
 * opens nothing; it only takes a sign-in out of the counter that strangers can fill. Bound to the address, so one's own
 * is worth nothing for somebody else's account.
 */
export function deviceToken(key: Buffer, email: string, now: Date): string {
  const end = Math.floor(now.getTime() / 1_000) + LIFETIME_SECONDS;
  return `dt_${end}.${mac(key, email, end)}`;
}

export function isKnownDevice(key: Buffer, email: string, token: string, now: Date): boolean {
  const [, digits = '', given = ''] = /^dt_(\d{1,12})\.([\w-]{43})$/.exec(token) ?? [];
  const end = Number(digits);
  if (given === '' || end * 1_000 < now.getTime()) return false;
  return timingSafeEqual(Buffer.from(mac(key, email, end)), Buffer.from(given));
}

const mac = (key: Buffer, email: string, end: number): string =>
  createHmac('sha256', key).update(`${end}.${email}`).digest('base64url');
