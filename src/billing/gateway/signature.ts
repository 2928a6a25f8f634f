import { createHmac, timingSafeEqual } from 'node:crypto';
import { realNow } from '../../platform/clock.js';
import { BadSignature } from './payment-gateway.port.js';

const TOLERANCE_SECONDS = 300;

/**
 * Holds a header `t=…,v1=…` against the exact bytes that came. Any of the secrets and any of the signatures will do, so that a
 * secret can be changed while notices are under way. Throws BadSignature.
 */
export function verifySignature(header: unknown, raw: Buffer, secrets: readonly string[]): void {
  const parts = String(header)
    .split(',')
    .map((part) => part.trim().split('='));
  const t = parts.find(([scheme]) => scheme === 't')?.[1] ?? '';
  const signatures = parts
    .filter(([scheme, value]) => scheme === 'v1' && /^[\da-f]{64}$/.test(value ?? ''))
    .map(([, value]) => Buffer.from(value ?? '', 'hex'));
  if (!/^\d{1,12}$/.test(t) || signatures.length === 0) throw new BadSignature('no signature');
  const isOurs = secrets.some((secret) => {
    const expected = createHmac('sha256', secret).update(`${t}.`).update(raw).digest();
    return signatures.some((signature) => timingSafeEqual(expected, signature));
  });
  if (!isOurs) throw new BadSignature('another signature');
  if (Math.abs(realNow().getTime() / 1000 - Number(t)) > TOLERANCE_SECONDS) throw new BadSignature('too old');
}
