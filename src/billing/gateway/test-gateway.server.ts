import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isCurrency } from '../../platform/money/currencies.js';
import { type Book, gatewayNow } from './test-gateway.book.js';
import { challengePage, outcomePage } from './test-gateway.pages.js';
import type { Charge, KeptAnswer } from './test-gateway.journal.js';
import { type GatewayRules, Refused } from './test-gateway.rules.js';
import { type WebhookKnobs, behaviourOf } from './test-gateway.tokens.js';
import type { WebhookSender } from './test-gateway.webhooks.js';

const HANG_MS = 60_000;

type Body = Record<string, unknown>;
type Keyed = (answer: Omit<KeptAnswer, 'status'>) => Promise<Charge>;

/** What a client may see of a charge: everything but whose it is and which token it came from. */
function view(charge: Charge) {
  const { account: _account, token: _token, challengeUrl, ...rest } = charge;
  return { ...rest, nextAction: challengeUrl === null ? null : { type: 'redirect', url: challengeUrl } };
}

export function gatewayServer(book: Book, rules: GatewayRules, webhooks: WebhookSender): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true, keepAliveTimeout: 120_000 });
  const inFlight = new Set<string>();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );
  app.setErrorHandler((error, _request, reply) => {
    const refused =
      error instanceof Refused ? error : new Refused(500, 'gateway_error', 'The gateway failed.');
    return reply.code(refused.status).send({ error: { code: refused.code, message: refused.message } });
  });

  /** Runs a write once for its key: replays the kept answer, refuses a rival and a key with other parameters. */
  async function once(request: FastifyRequest, reply: FastifyReply, write: Keyed): Promise<unknown> {
    const account = accountOf(request);
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string' || key === '')
      throw new Refused(400, 'key_required', 'Send an Idempotency-Key.');
    const fingerprint = createHash('sha256')
      .update(`${request.url} ${JSON.stringify(request.body)}`)
      .digest('hex');
    const kept = book.answer(account, key);
    if (kept) {
      if (kept.fingerprint !== fingerprint)
        throw new Refused(400, 'key_reused', 'The key came with other parameters.');
      await book.flushed();
      return reply.code(kept.status).header('idempotency-replayed', 'true').send(view(kept.charge));
    }
    const running = `${account}/${key}`;
    if (inFlight.has(running)) throw new Refused(409, 'key_in_flight', 'A request with this key is running.');
    inFlight.add(running);
    try {
      const charge = await write({ key, fingerprint });
      const status = book.answer(account, key)?.status ?? 200;
      scheduleLater(charge);
      return await misbehave(request, reply, charge, status);
    } finally {
      inFlight.delete(running);
    }
  }

  async function misbehave(request: FastifyRequest, reply: FastifyReply, charge: Charge, status: number) {
    const { name, ms } = behaviourOf(charge.token);
    const refund = request.url.endsWith('/refunds');
    inFlight.delete(`${charge.account}/${String(request.headers['idempotency-key'])}`);
    if (refund ? name === 'refund_timeout_after' : name === 'timeout_after') await sleep(ms ?? HANG_MS);
    if (!refund && name === 'reset_after') {
      request.raw.socket.resetAndDestroy();
      return reply.hijack();
    }
    if (!refund && name === 'http_500_after') throw new Refused(500, 'gateway_error', 'The gateway failed.');
    return reply.code(status).send(view(charge));
  }

  function scheduleLater(charge: Charge): void {
    for (const { ref, later } of charge.operations) {
      if (later === null) continue;
      setTimeout(() => void rules.mature(charge.ref, ref), Math.max(1, later.at - gatewayNow())).unref();
    }
  }
  book.undecided().forEach(scheduleLater);

  async function hangForNothing(request: FastifyRequest, reply: FastifyReply, ms: number | null) {
    await sleep(ms ?? HANG_MS);
    request.raw.socket.destroy();
    return reply.hijack();
  }

  app.post<{ Body: Body }>('/v1/charges', (request, reply) => {
    const { operationId, amount, currency, token, capture, returnUrl } = request.body;
    if (
      typeof operationId !== 'string' ||
      !isAmount(amount) ||
      typeof currency !== 'string' ||
      !isCurrency(currency) ||
      typeof token !== 'string' ||
      (capture !== 'automatic' && capture !== 'manual')
    ) {
      throw new Refused(
        400,
        'invalid_request',
        'operationId, amount, currency, token and capture are needed.',
      );
    }
    const account = accountOf(request);
    const { name, ms } = behaviourOf(token);
    if (name === 'timeout_before') return hangForNothing(request, reply, ms);
    if (name === 'http_500_before') throw new Refused(500, 'gateway_error', 'The gateway failed.');
    const charge = {
      account,
      operationId,
      amount,
      currency,
      token,
      capture,
      returnUrl: textOrNull(returnUrl),
    } as const;
    return once(request, reply, (answer) => rules.authorize(charge, answer));
  });

  app.post<{ Params: { ref: string; verb: string }; Body: Body }>(
    '/v1/charges/:ref/:verb',
    (request, reply) => {
      const charge = found(book.charge(accountOf(request), request.params.ref));
      const { operationId, amount } = request.body;
      if (typeof operationId !== 'string')
        throw new Refused(400, 'invalid_request', 'operationId is needed.');
      const { name, ms } = behaviourOf(charge.token);
      switch (request.params.verb) {
        case 'voids':
          return once(request, reply, (answer) => rules.void(charge, operationId, answer));
        case 'captures':
          if (!isAmount(amount)) throw new Refused(400, 'invalid_request', 'amount is needed.');
          return once(request, reply, (answer) => rules.capture(charge, operationId, amount, answer));
        case 'refunds':
          if (!isAmount(amount)) throw new Refused(400, 'invalid_request', 'amount is needed.');
          if (name === 'refund_timeout_before') return hangForNothing(request, reply, ms);
          return once(request, reply, (answer) => rules.refund(charge, operationId, amount, answer));
        default:
          throw new Refused(404, 'not_found', 'There is no such operation.');
      }
    },
  );

  app.get<{ Params: { ref: string } }>('/v1/charges/:ref', async (request) => {
    await book.flushed();
    return view(found(book.charge(accountOf(request), request.params.ref)));
  });

  app.get<{ Params: { id: string } }>('/v1/operations/:id', async (request) => {
    await book.flushed();
    return view(found(book.chargeOfOperation(accountOf(request), request.params.id)));
  });

  app.get<{ Querystring: { since?: string; after?: string; limit?: string } }>(
    '/v1/events',
    async (request) => {
      await book.flushed();
      const account = accountOf(request);
      const { since = '', after = '0', limit = '100' } = request.query;
      const wanted = Number(limit);
      const events = book.eventsAfter(account, Number(after), since, wanted + 1);
      return { events: events.slice(0, wanted), more: events.length > wanted };
    },
  );

  app.post<{ Body: Body }>('/webhook-endpoint', async (request, reply) => {
    const { url, secret } = request.body;
    if (typeof url !== 'string' || typeof secret !== 'string')
      throw new Refused(400, 'invalid_request', 'url and secret.');
    const account = accountOf(request);
    const known = book.endpointsOf(account).some((each) => each.url === url && each.secret === secret);
    if (!known) await book.register({ account, url, secret });
    return reply.code(204).send();
  });

  app.post<{ Body: WebhookKnobs }>('/knobs', (request, reply) => {
    webhooks.knobs = request.body;
    return reply.code(204).send();
  });

  app.get('/journal', async (request) => {
    await book.flushed();
    const account = request.headers.authorization === undefined ? null : accountOf(request);
    const entries = book.entries
      .filter((entry) => account === null || entry.account === account)
      .map(({ account: _account, ...entry }) => entry);
    return { entries };
  });

  app.get('/balance', async (request) => {
    await book.flushed();
    return book.balance(request.headers.authorization === undefined ? null : accountOf(request));
  });

  app.get('/health', () => ({ ok: true }));

  app.get<{ Params: { ref: string } }>('/challenge/:ref', (request, reply) =>
    reply.type('text/html; charset=utf-8').send(challengePage(found(book.anyCharge(request.params.ref)))),
  );

  app.post<{ Params: { ref: string }; Body: Body }>('/challenge/:ref', async (request, reply) => {
    const { decision } = request.body;
    if (decision !== 'approve' && decision !== 'deny')
      throw new Refused(400, 'invalid_request', 'approve or deny.');
    const charge = await rules.decide(found(book.anyCharge(request.params.ref)), decision === 'approve');
    if (charge.returnUrl !== null && request.headers['content-type'] !== 'application/json') {
      return reply.redirect(charge.returnUrl, 303);
    }
    return reply.type('text/html; charset=utf-8').send(outcomePage(charge));
  });

  return app;
}

/** Each bearer is an account of its own, so that shops (and test files) sharing one gateway never meet. */
function accountOf(request: FastifyRequest): string {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new Refused(401, 'unauthorized', 'Send Authorization: Bearer and any key.');
  return createHash('sha256').update(bearer).digest('hex').slice(0, 32);
}

function found(charge: Charge | null): Charge {
  if (charge === null) throw new Refused(404, 'not_found', 'There is no such charge.');
  return charge;
}

const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
