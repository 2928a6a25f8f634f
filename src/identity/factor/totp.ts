import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { base32, STANDARD } from './base32.js';

/** Seconds that a code is shown. */
const PERIOD = 30;
const DIGITS = 6;

/** 160 bits, as RFC 4226 recommends, in the alphabet that apps read. */
export const newTotpSecret = (): Buffer => randomBytes(20);

export const stepAt = (time: Date): number => Math.floor(time.getTime() / 1_000 / PERIOD);

/** The code of a step: RFC 6238 with SHA-1, which is what every app knows. */
export function codeOf(secret: Buffer, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 0xf) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The newest step that the code belongs to, of the present one and as many before it; null when it is wrong. */
export function stepOf(secret: Buffer, code: string, now: Date, pastSteps: number): number | null {
  if (code.length !== DIGITS) return null;
  const present = stepAt(now);
  const steps = Array.from({ length: pastSteps + 1 }, (_, ago) => present - ago);
  return steps.find((step) => timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(code))) ?? null;
}

/** What an authenticator app reads from a QR code. */
export function otpauthUri(secret: Buffer, shop: string, email: string): string {
  const query = new URLSearchParams({
    secret: base32(secret, STANDARD),
    issuer: shop,
    algorithm: 'SHA1',
    digits: String(DIGITS),
    period: String(PERIOD),
  });
  // Apps read `+` as it stands.
  const parameters = query.toString().replaceAll('+', '%20');
  return `otpauth://totp/${encodeURIComponent(shop)}:${encodeURIComponent(email)}?${parameters}`;
}
