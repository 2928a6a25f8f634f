import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isCurrency } from '../../platform/money/currencies.js';
import type { Book } from './test-gateway.book.js';
import { cardOf } from './test-gateway.cards.js';
import type { Knobs } from './test-gateway.knobs.js';
import type { Charge, Customer, Setup } from './test-gateway.journal.js';
import { type GatewayRules, type Keyed, Refused } from './test-gateway.rules.js';
import type { SetupRules } from './test-gateway.setups.js';
import type { Timetable } from './test-gateway.timetable.js';
import { behaviourOf } from './test-gateway.tokens.js';

const HANG_MS = 60_000;

type Body = Record<string, unknown>;
type Kept = Charge | Setup | Customer;

export interface Gateway {
  readonly book: Book;
  readonly rules: GatewayRules;
  readonly setups: SetupRules;
  readonly timetable: Timetable;
  readonly knobs: Knobs;
}

/** What a client may see of a charge: everything but whose it is, which token it came from and what the gateway plans. */
export function view(charge: Charge) {
  const {
    account: _account,
    token: _token,
    saveFor: _saveFor,
    disputeAt: _disputeAt,
    challengeUrl,
    holdEndsAt,
    ...rest
  } = charge;
  return {
    ...rest,
    captureBefore: holdEndsAt === null ? null : new Date(holdEndsAt).toISOString(),
    nextAction: challengeUrl === null ? null : { type: 'redirect', url: challengeUrl },
  };
}

/** The gateway's own API: what a shop sends and asks. */
export function gatewayServer({ book, rules, setups, timetable, knobs }: Gateway): FastifyInstance {
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
  app.addHook('onRequest', (request, _reply, done) => {
    const away = request.url.startsWith('/v1/') && knobs.isAway(accountOf(request));
    done(away ? new Refused(503, 'gateway_away', 'The gateway is not there.') : undefined);
  });

  const viewOf = (of: Kept) =>
    'operations' in of ? view(of) : 'token' in of ? setups.view(of) : { ref: of.ref };

  /** Runs a write once for its key: replays the kept answer, refuses a rival and a key with other parameters. */
  async function once<T extends Kept>(
    request: FastifyRequest,
    reply: FastifyReply,
    write: (answer: Keyed) => Promise<T>,
    answering?: (charge: T, status: number) => Promise<unknown>,
  ): Promise<unknown> {
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
      return reply.code(kept.status).header('idempotency-replayed', 'true').send(viewOf(kept.of));
    }
    const running = `${account}/${key}`;
    if (inFlight.has(running)) throw new Refused(409, 'key_in_flight', 'A request with this key is running.');
    inFlight.add(running);
    try {
      const written = await write({ key, fingerprint, at: book.now(account) });
      inFlight.delete(running);
      const status = book.answer(account, key)?.status ?? 200;
      return answering ? await answering(written, status) : reply.code(status).send(viewOf(written));
    } finally {
      inFlight.delete(running);
    }
  }

  /** A write on a charge, after which its token may spoil the answer. */
  function onCharge(request: FastifyRequest, reply: FastifyReply, write: (answer: Keyed) => Promise<Charge>) {
    return once(request, reply, write, async (charge, status) => {
      timetable.watch(charge);
      const { name, ms } = behaviourOf(charge.token);
      const refund = request.url.endsWith('/refunds');
      if (refund ? name === 'refund_timeout_after' : name === 'timeout_after') await sleep(ms ?? HANG_MS);
      if ((!refund && name === 'reset_after') || knobs.of(charge.account).loseAnswers === true) {
        request.raw.socket.resetAndDestroy();
        return reply.hijack();
      }
      if (!refund && name === 'http_500_after')
        throw new Refused(500, 'gateway_error', 'The gateway failed.');
      return reply.code(status).send(view(charge));
    });
  }

  async function hangForNothing(request: FastifyRequest, reply: FastifyReply, ms: number | null) {
    await sleep(ms ?? HANG_MS);
    request.raw.socket.destroy();
    return reply.hijack();
  }

  app.post<{ Body: Body }>('/v1/charges', (request, reply) => {
    const { operationId, amount, currency, token, customerRef, methodRef, capture, save } = request.body;
    const isKept = typeof customerRef === 'string' && typeof methodRef === 'string';
    if (
      typeof operationId !== 'string' ||
      !isAmount(amount) ||
      typeof currency !== 'string' ||
      !isCurrency(currency) ||
      (typeof token !== 'string' && !isKept) ||
      (capture !== 'automatic' && capture !== 'manual')
    ) {
      throw new Refused(
        400,
        'invalid_request',
        'operationId, amount, currency, token (or customerRef and methodRef) and capture are needed.',
      );
    }
    const account = accountOf(request);
    const method = isKept ? setups.kept(account, customerRef, methodRef) : cardOf(account, String(token));
    const { name, ms } = behaviourOf(method.token);
    if (name === 'timeout_before') return hangForNothing(request, reply, ms);
    if (name === 'http_500_before') throw new Refused(500, 'gateway_error', 'The gateway failed.');
    if (name === '429') throw new Refused(429, 'rate_limited', 'Too many requests.');
    const charge = {
      account,
      operationId,
      amount,
      currency,
      method,
      capture,
      offSession: request.body.offSession === true,
      challenge: request.body.challenge === 'required' ? 'required' : 'auto',
      saveFor: textOrNull(save),
      returnUrl: textOrNull(request.body.returnUrl),
    } as const;
    return onCharge(request, reply, (answer) => rules.authorize(charge, answer));
  });

  app.post<{ Params: { ref: string; verb: string }; Body: Body }>(
    '/v1/charges/:ref/:verb',
    (request, reply) => {
      const charge = found(book.charge(accountOf(request), request.params.ref));
      const { operationId, amount, final } = request.body;
      if (typeof operationId !== 'string')
        throw new Refused(400, 'invalid_request', 'operationId is needed.');
      const { name, ms } = behaviourOf(charge.token);
      switch (request.params.verb) {
        case 'voids':
          return onCharge(request, reply, (answer) => rules.void(charge, operationId, answer));
        case 'captures':
          if (!isAmount(amount)) throw new Refused(400, 'invalid_request', 'amount is needed.');
          return onCharge(request, reply, (answer) =>
            rules.capture(charge, operationId, amount, final !== false, answer),
          );
        case 'refunds':
          if (!isAmount(amount)) throw new Refused(400, 'invalid_request', 'amount is needed.');
          if (name === 'refund_timeout_before') return hangForNothing(request, reply, ms);
          return onCharge(request, reply, (answer) => rules.refund(charge, operationId, amount, answer));
        default:
          throw new Refused(404, 'not_found', 'There is no such operation.');
      }
    },
  );

  app.post<{ Body: Body }>('/v1/customers', (request, reply) => {
    const { customerId } = request.body;
    if (typeof customerId !== 'string') throw new Refused(400, 'invalid_request', 'customerId is needed.');
    return once(request, reply, (answer) => setups.addCustomer(accountOf(request), customerId, answer));
  });

  app.post<{ Body: Body }>('/v1/setups', (request, reply) => {
    const { operationId, customerRef, token, returnUrl, challenge } = request.body;
    const account = accountOf(request);
    if (typeof operationId !== 'string' || typeof token !== 'string')
      throw new Refused(400, 'invalid_request', 'operationId and token are needed.');
    const { ref } = found(book.customer(account, String(customerRef)));
    const setup = { account, operationId, customerRef: ref, token, returnUrl: textOrNull(returnUrl) };
    return once(request, reply, (answer) => setups.setUp(setup, answer, challenge === 'required'));
  });

  app.get<{ Params: { ref: string } }>('/v1/setups/:ref', async (request) => {
    await book.flushed();
    return setups.view(found(book.setup(accountOf(request), request.params.ref)));
  });

  app.delete<{ Params: { ref: string } }>('/v1/methods/:ref', async (request, reply) => {
    await setups.forget(found(book.method(accountOf(request), request.params.ref)));
    return reply.code(204).send();
  });

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

  return app;
}

/** Each bearer is an account of its own, so that shops (and test files) sharing one gateway never meet. */
export function accountOf(request: FastifyRequest): string {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new Refused(401, 'unauthorized', 'Send Authorization: Bearer and any key.');
  return createHash('sha256').update(bearer).digest('hex').slice(0, 32);
}

export function found<T>(thing: T | null): T {
  if (thing === null) throw new Refused(404, 'not_found', 'There is no such thing.');
  return thing;
}

const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
