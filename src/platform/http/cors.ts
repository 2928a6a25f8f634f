import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CorsOrigins } from '../environment.js';

const METHODS = 'GET, POST, PATCH, PUT, DELETE';
/** What a shop in a browser may send. */
const SENT =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Cart-Token, X-Request-Id, X-Requested-With, traceparent';
/** What its scripts may read beside the few headers that are always open. */
const READ =
  'ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, X-Request-Id';
/** Seconds that a browser remembers a preflight; none remembers it longer. */
const REMEMBERED = 7_200;

/**
 * Lets pages of other origins ask (Fetch, "CORS protocol"). With credentials only those that the settings list one by one:
 * who asks is said by a token that the page holds, and only what renews that token may lie in a cookie.
 */
export function installCors(server: FastifyInstance, allowed: CorsOrigins): void {
  if (allowed.length === 0) return;
  server.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    // A shared cache must not hand the answer for one origin to another.
    if (allowed !== 'any') void reply.header('vary', 'Origin');
    if (origin === undefined || !admits(allowed, origin)) return done();
    void reply
      .header('access-control-allow-origin', allowed === 'any' ? '*' : origin)
      .header('access-control-expose-headers', READ);
    if (typeof allowed === 'object') void reply.header('access-control-allow-credentials', 'true');
    const asked = request.headers['access-control-request-method'];
    if (request.method === 'OPTIONS' && asked !== undefined) answerPreflight(reply);
    else done();
  });
}

function answerPreflight(reply: FastifyReply): void {
  void reply
    .code(204)
    .headers({
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': SENT,
      'access-control-max-age': String(REMEMBERED),
    })
    .send();
}

function admits(allowed: CorsOrigins, origin: string): boolean {
  if (allowed === 'any') return true;
  if (allowed !== 'loopback') return allowed.includes(origin);
  return (
    URL.canParse(origin) &&
    /^(localhost|127(\.\d{1,3}){3}|\[::1\]|.+\.localhost)$/.test(new URL(origin).hostname)
  );
}
