import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LAST_EVENT } from './progress-streams.js';

/** Answers a stream of events; 204 for a client that has heard the last one, which makes browsers stop asking. */
export function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  open: () => Readable,
): Readable | undefined {
  if (request.headers['last-event-id'] === LAST_EVENT) {
    void reply.code(204);
    return undefined;
  }
  const events = request.method === 'HEAD' ? Readable.from([]) : open();
  void reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies that gather an answer before they pass it on would keep all of it.
    'x-accel-buffering': 'no',
  });
  return events;
}
