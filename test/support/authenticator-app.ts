import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, stepAt } from '../../src/identity/factor/totp.js';
import { realNow } from '../../src/platform/clock.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Waits for the next half minute when this one is nearly over, so that a code is still the present one on arrival. */
export async function roomInStep(): Promise<void> {
  const left = 30_000 - (realNow().getTime() % 30_000);
  if (left < 3_000) await wait(left);
}

/** What an authenticator app shows now for a secret in base32, or showed so many half minutes ago. */
export function shownCode(secret: string, ago = 0): string {
  const bits = [...secret].map((sign) => ALPHABET.indexOf(sign).toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((eight) => parseInt(eight, 2));
  return codeOf(Buffer.from(bytes), stepAt(realNow()) - ago);
}
