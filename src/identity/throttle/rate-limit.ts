import type { Counted, Quota } from './throttle.repository.js';

/** Puts headers on the answer, whatever becomes of it. */
export type Announce = (headers: Record<string, string>) => void;

/**
 * What a caller has left, as `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). Only for what
 * is counted by network: the counter of an address would show to strangers when its owner signs in.
 */
export function rateLimit(name: string, quota: Quota, counted: Counted): Record<string, string> {
  const { remaining, resetSeconds } = counted;
  return {
    'ratelimit-policy': `"${name}";q=${quota.free};w=${quota.windowSeconds}`,
    ratelimit: `"${name}";r=${Math.min(remaining, quota.free)};t=${resetSeconds}`,
  };
}
