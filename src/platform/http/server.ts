import type { IncomingMessage, Server } from 'node:http';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import findMyWay from 'find-my-way';
import qs from 'qs';
import { Config } from '../config.js';
import { serveReference } from '../openapi/pages.js';
import { readJson } from './body.js';
import { installCors } from './cors.js';
import { PageCache } from './page-cache.js';
import { platformProblems } from './problem.js';
import { ProblemFilter, sendProblem, toProblem } from './problem.filter.js';
import { installRequestContext, requestIdOf } from './request-context.js';
import { validationPipe } from './validation.js';

/** Body limit of everything but imports and uploads. */
const BODY_LIMIT = 1024 * 1024;
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const;

/** Bodies are parsed by `acceptJson` below and not by Nest's own parsers. */
export const applicationOptions = { bodyParser: false } as const;

/** Leaves what is not found and what fails before a handler to `prepareApplication`: both speak problem+json. */
class Adapter extends FastifyAdapter {
  override setNotFoundHandler() {
    return this.getInstance();
  }

  override setErrorHandler() {
    return this.getInstance();
  }
}

/** Fastify as this house runs it. */
export function fastifyAdapter({ trustedProxies }: Pick<Config, 'trustedProxies'>): FastifyAdapter {
  return new Adapter({
    bodyLimit: BODY_LIMIT,
    logger: false,
    // Only these may say with X-Forwarded-For whom they speak for; nobody may when there are none.
    trustProxy: trustedProxies.length > 0 && trustedProxies,
    // The id comes from the caller when it is harmless; see request-context.
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers),
    requestIdHeader: false,
    // A path that cannot be decoded reaches no hook and no handler.
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('x-request-id', request.id);
      sendProblem(request, reply, platformProblems.invalid_input('The path is not well-formed.'));
    },
    routerOptions: {
      // `price[gte]=100`; objects without a prototype, bounded in depth and number.
      querystringParser: (text: string) =>
        plainQuery(text) ??
        (qs.parse(text, {
          plainObjects: true,
          depth: 2,
          parameterLimit: 100,
          arrayLimit: 20,
          ignoreQueryPrefix: true,
        }) as Record<string, string>),
      maxParamLength: 300,
    },
    forceCloseConnections: false,
    return503OnClosing: false,
  });
}

/** Names and values in which nothing has to be decoded. */
const PLAIN_QUERY = /^(?:[\w-]+=[\w.~-]*(?:&|$))*$/;

/** What most queries are, `limit=24&cursor=…`, read without the machinery for nested ones; null for all others. */
function plainQuery(text: string): Record<string, string> | null {
  if (text.length > 2_000 || !PLAIN_QUERY.test(text)) return null;
  const query = Object.create(null) as Record<string, string>;
  if (text === '') return query;
  for (const part of text.split('&')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at);
    // What comes twice is a list, and what ends in `&` is for the full parser to judge.
    if (at < 1 || name in query) return null;
    query[name] = part.slice(at + 1);
  }
  return query;
}

/** Pipes, filters and hooks that hold for every request, in process and in tests alike. */
export function prepareApplication(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter());
  installRequestContext(server);
  // Before pages that are ready: what browsers may read holds for them too.
  installCors(server, app.get(Config).corsOrigins);
  app.get(PageCache).install(server);
  acceptJson(server);
  answerUnknownRoutes(server);
  // What fails before Nest is reached (unreadable body, too large, wrong type).
  server.setErrorHandler((error, request, reply) => sendProblem(request, reply, toProblem(error)));
  serveReference(app);
}

/** Waits for the answers that are under way as long as its patience goes, but not for clients that merely keep their connection open. */
export async function closeServer(server: Server, patienceMs: number): Promise<void> {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), patienceMs);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(idle);
  clearTimeout(late);
}

/** JSON and nothing else; PATCH comes as `application/merge-patch+json` too. An empty body is no fault. */
function acceptJson(server: FastifyInstance): void {
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      (request as typeof request & { rawBody?: Buffer }).rawBody = body as Buffer;
      try {
        done(null, readJson(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** 404, or 405 with `Allow` when the path is there with other methods. */
function answerUnknownRoutes(server: FastifyInstance): void {
  const routes = findMyWay();
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      if ((METHODS as readonly string[]).includes(one) && !routes.hasRoute(one as 'GET', url))
        routes.on(one as 'GET', url, () => undefined);
    }
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const allowed = METHODS.filter(
      (method) => method !== request.method && routes.find(method, path) !== null,
    );
    sendProblem(
      request,
      reply,
      allowed.length > 0 &&
        !METHODS.some((method) => method === request.method && routes.find(method, path) !== null)
        ? platformProblems.method_not_allowed(`Use ${allowed.join(' or ')}.`, {
            headers: { allow: allowed.join(', ') },
          })
        : platformProblems.not_found('There is no such path.'),
    );
  });
}
