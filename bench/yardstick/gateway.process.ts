import Fastify from 'fastify';
import { announce } from './announce.js';

/** The other side of the wire: answers an authorisation with capture, and keeps nothing. */
const app = Fastify();
app.post<{ Body: { operation: string } }>('/charges', (request) =>
  Promise.resolve({ ref: `ch_${request.body.operation}`, status: 'captured' }),
);
await announce(app);
