import { createHash } from 'node:crypto';
import { newRef } from './test-gateway.book.js';
import type { Method } from './test-gateway.journal.js';
import { behaviourOf } from './test-gateway.tokens.js';

/** The card that a token stands for: the same token is the same card, whoever shows it. It is nobody's yet. */
export function cardOf(account: string, token: string): Method {
  const { name, card } = behaviourOf(token);
  const fingerprint = createHash('sha256').update(`${name}+${card}`).digest('hex').slice(0, 16);
  return {
    ref: `card_${createHash('sha256').update(`${account} ${token}`).digest('hex').slice(0, 24)}`,
    account,
    customerRef: null,
    token,
    brand: 'visa',
    last4:
      name === 'ok' && card === ''
        ? '4242'
        : String(parseInt(fingerprint.slice(0, 6), 16) % 10_000).padStart(4, '0'),
    expiryMonth: 12,
    expiryYear: 2034,
    fingerprint,
  };
}

/** The same card, kept by a customer under a reference of its own. */
export const keptBy = (customerRef: string, card: Method): Method => ({
  ...card,
  ref: newRef('pm'),
  customerRef,
});
