import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * `rt_<session>.<counter>.<mac>`: made from the session's id and counter, so the server can make the present token
 * again without keeping it, and nobody else can make any.
 */
export function refreshToken(key: Buffer, sessionId: string, counter: number): string {
  return `rt_${sessionId}.${counter}.${mac(key, sessionId, counter)}`;
}

export function readRefreshToken(key: Buffer, token: string): { sessionId: string; counter: number } | null {
  const [, sessionId = '', digits = '', given = ''] =
    /^rt_([\da-f-]{36})\.(\d{1,9})\.([\w-]{43})$/.exec(token) ?? [];
  if (given === '') return null;
  const counter = Number(digits);
  const right = timingSafeEqual(Buffer.from(mac(key, sessionId, counter)), Buffer.from(given));
  return right ? { sessionId, counter } : null;
}

/**
 * What a refresh with this token means: rotate, give the present one again, or a token that was stolen. For `graceMs` the
 * token before the present one still gives the present one: a lost answer, two tabs.
 */
export function judgeRefresh(
  token: number,
  session: { counter: number; refreshedAt: Date },
  now: Date,
  graceMs: number,
): 'rotate' | 'repeat' | 'reuse' {
  if (token === session.counter) return 'rotate';
  const recent = now.getTime() - session.refreshedAt.getTime() < graceMs;
  return token === session.counter - 1 && recent ? 'repeat' : 'reuse';
}

function mac(key: Buffer, sessionId: string, counter: number): string {
  return createHmac('sha256', key).update(`${sessionId}.${counter}`).digest('base64url');
}
