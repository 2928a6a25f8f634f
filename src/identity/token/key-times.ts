/** Seconds that an access token lives. */
export const LIFETIME = { customer: 600, staff: 300, machine: 600, impersonation: 900 } as const;

/** Seconds for which others may keep our published keys (`max-age` of the JWKS). */
export const PUBLISHED_SECONDS = 300;

/** Twice as long must a key be published before it signs: nobody shall meet a token whose key it does not know. */
export const RIPE_SECONDS = 2 * PUBLISHED_SECONDS;

/** After its last signature a key is checked with until its last token is over, and five minutes for clocks that differ. */
export const RETIRING_SECONDS = Math.max(...Object.values(LIFETIME)) + 300;

/** A key signs for thirty days. */
export const ROTATION_SECONDS = 30 * 86_400;

/** Whoever asks a second time within a minute to throw all keys away has probably not seen that somebody did. */
export const AGAIN_SECONDS = 60;
