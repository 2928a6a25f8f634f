import { createHmac, timingSafeEqual } from 'node:crypto';

const FORM = /^mw_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.([\w-]{43})$/;

/**
 * What a letter's link holds, so that who reads it can withdraw without signing in: whose consent, sealed. It serves
 * nothing else and works as long as letters lie about.
 */
export const withdrawalToken = (key: Buffer, accountId: string): string =>
  `mw_${accountId}.${seal(key, accountId)}`;

/** Whose consent it withdraws, or null when it is not ours. */
export function readWithdrawalToken(key: Buffer, token: string): string | null {
  const [, accountId, given] = FORM.exec(token) ?? [];
  if (accountId === undefined || given === undefined) return null;
  return timingSafeEqual(Buffer.from(given), Buffer.from(seal(key, accountId))) ? accountId : null;
}

const seal = (key: Buffer, accountId: string): string =>
  createHmac('sha256', key).update(accountId).digest('base64url');
