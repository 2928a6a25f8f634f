import type { FastifyRequest } from 'fastify';

/**
 * Ties a flow to the browser that it was started in, so that nobody can make another browser finish it.
 *
 * `__Host-`: only this host can set it, over TLS, for all its paths; no neighbour below the same domain can plant one.
 * `Lax` and not `Strict`, because the browser comes back by a redirect of the provider, which is another site, and Strict
 * would not send it along. Lax sends it with that one navigation, and not with requests that other sites make.
 */
const NAME = '__Host-oidc';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';

/** As long as the flow lives. */
export const keepBrowser = (secret: string): string => `${NAME}=${secret}; ${ATTRIBUTES}; Max-Age=600`;

export const forgetBrowser = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;

/** The secret that the browser kept, or null when it is not the one that started anything. */
export function browserOf({ headers }: FastifyRequest): string | null {
  const cookies = (headers.cookie ?? '').split(';').map((part) => part.trim());
  return cookies.find((cookie) => cookie.startsWith(`${NAME}=`))?.slice(NAME.length + 1) || null;
}
