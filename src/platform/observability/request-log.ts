import type { FastifyInstance } from 'fastify';
import type { RequestWithActor } from '../access/access.js';
import type { JsonLogger } from './logger.js';
import type { Metrics } from './metrics.js';

/** One line and one observation a request. Probes are counted and not logged: they come every few seconds. */
export function installRequestLog(server: FastifyInstance, logger: JsonLogger, metrics: Metrics): void {
  const log = logger.pino;
  server.addHook('onRequest', (_request, _reply, done) => {
    metrics.started();
    done();
  });
  server.addHook('onResponse', (request: RequestWithActor, reply, done) => {
    const { method, actor } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode } = reply;
    const milliseconds = reply.elapsedTime;
    metrics.finished(
      method,
      route,
      statusCode,
      milliseconds / 1_000,
      reply.hasHeader('idempotency-replayed'),
    );
    const level = statusCode >= 500 ? 'error' : 'info';
    if (log.isLevelEnabled(level) && !route.startsWith('/health')) {
      log[level]({
        requestId: request.id,
        method,
        route,
        status: statusCode,
        durationMs: Math.round(milliseconds * 10) / 10,
        actor: actor?.kind ?? 'anonymous',
        ...((actor?.kind === 'person' || actor?.kind === 'machine') && { actorId: actor.id }),
      });
    }
    done();
  });
}
