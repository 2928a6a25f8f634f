import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Actor } from '../access/actor.js';
import type { IdempotentRequest } from './idempotency.js';
import { isThisMachine, networkOf, placeOf } from './network.js';

/** What belongs to the request being answered, for the few places that cannot be handed it: logs, audit, events. */
export interface RequestContext {
  requestId: string;
  /** W3C trace context as it came in, passed on to events and outside calls. */
  traceparent: string | null;
  actor: Actor | null;
  /** The network that it came from, too wide to find a person by: /24 or /48. */
  network: string | null;
  /**
   * Who is counted together when it is about too many tries: one address. Never kept or logged as it is. Null: this machine, so that
   * it says nothing of who asks.
   */
  caller: string | null;
  idempotency: IdempotentRequest | null;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The request that the present code runs for; null in jobs and at the start. */
export const currentRequest = (): RequestContext | null => storage.getStore() ?? null;

const ACCEPTED_ID = /^[\w.:-]{8,128}$/;
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** The id of a request: the caller's own `X-Request-Id` when it is harmless, else the trace id, else a new one. */
export function requestIdOf(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && ACCEPTED_ID.test(given)) return given;
  const trace = headers.traceparent;
  if (typeof trace === 'string' && TRACEPARENT.test(trace)) return trace.slice(3, 35);
  return randomUUID();
}

/** Opens the context of each request and answers `X-Request-Id`. */
export function installRequestContext(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    const trace = request.headers.traceparent;
    void reply.header('x-request-id', request.id);
    storage.run(
      {
        requestId: request.id,
        traceparent: typeof trace === 'string' && TRACEPARENT.test(trace) ? trace : null,
        actor: null,
        network: placeOf(request.ip),
        caller: isThisMachine(request.ip) ? null : networkOf(request.ip),
        idempotency: null,
      },
      done,
    );
  });
}
