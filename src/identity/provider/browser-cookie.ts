import { HostCookie } from '../../platform/http/host-cookie.js';

/**
 * Ties a flow to the browser that it was started in, so that nobody can make another browser finish it.
 *
 * `Lax` and not `Strict`, because the browser comes back by a redirect of the provider, which is another site, and Strict
 * would not send it along. Lax sends it with that one navigation, and not with requests that other sites make.
 */
export const browserCookie = new HostCookie('oidc', 'Lax');

/** Seconds on the way to the provider and back, and then until the code is exchanged. */
export const AWAY_SECONDS = 600;
export const CODE_SECONDS = 60;
