import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DisputeRules } from './test-gateway.disputes.js';
import type { AccountKnobs } from './test-gateway.knobs.js';
import { challengePage, outcomePage, setupPage } from './test-gateway.pages.js';
import { Refused } from './test-gateway.rules.js';
import { type Gateway, accountOf, found, view } from './test-gateway.server.js';
import { between, settlement } from './test-gateway.settlement.js';

type Body = Record<string, unknown>;

/** Beside the API of a gateway: what a test turns, decides and looks at from outside, and the pages of the bank. */
export function controlRoutes(
  app: FastifyInstance,
  { book, rules, setups, timetable, knobs }: Gateway,
  disputes: DisputeRules,
): void {
  app.post<{ Body: Body }>('/webhook-endpoint', async (request, reply) => {
    const { url, secret } = request.body;
    if (typeof url !== 'string' || typeof secret !== 'string')
      throw new Refused(400, 'invalid_request', 'url and secret.');
    const account = accountOf(request);
    const known = book.endpointsOf(account).some((each) => each.url === url && each.secret === secret);
    if (!known) await book.register({ account, url, secret });
    return reply.code(204).send();
  });

  /** With a bearer for its account, without one for all of them. */
  app.post<{ Body: AccountKnobs & { forgetKeys?: boolean } }>('/knobs', (request, reply) => {
    const { forgetKeys = false, ...turned } = request.body;
    const account = bearerOrNull(request);
    knobs.turn(account, turned);
    if (forgetKeys && account !== null) book.forgetKeys(account);
    return reply.code(204).send();
  });

  app.post<{ Body: Body }>('/clock', async (request) => {
    const account = accountOf(request);
    const to = Date.parse(String(request.body.to));
    if (Number.isNaN(to))
      throw new Refused(400, 'invalid_request', 'to: a time such as 2030-01-01T00:00:00Z.');
    await timetable.moveClock(account, to);
    return { now: new Date(book.now(account)).toISOString() };
  });

  app.post<{ Params: { ref: string; dispute: string }; Body: Body }>(
    '/charges/:ref/disputes/:dispute',
    async (request) => {
      const account = accountOf(request);
      const charge = found(book.charge(account, request.params.ref));
      const { outcome } = request.body;
      if (outcome !== 'won' && outcome !== 'lost')
        throw new Refused(400, 'invalid_request', 'outcome: won or lost.');
      return view(
        await disputes.decide(charge, request.params.dispute, outcome === 'won', book.now(account)),
      );
    },
  );

  app.get<{ Querystring: { from?: string; to?: string } }>('/v1/settlement', async (request) => {
    await book.flushed();
    const account = accountOf(request);
    const { from = '', to = '9' } = request.query;
    return { lines: between(settlement(book, account, knobs.of(account).settlement ?? {}), from, to) };
  });

  app.get('/journal', async (request) => {
    await book.flushed();
    const account = bearerOrNull(request);
    const entries = book.entries
      .filter((entry) => account === null || entry.account === account)
      .map(({ account: _account, ...entry }) => entry);
    return { entries };
  });

  app.get('/balance', async (request) => {
    await book.flushed();
    return book.balance(bearerOrNull(request));
  });

  app.get('/health', () => ({ ok: true }));

  app.get<{ Params: { ref: string } }>('/challenge/:ref', (request, reply) => {
    const { ref } = request.params;
    const setup = book.anySetup(ref);
    const page = setup ? setupPage(setup) : challengePage(found(book.anyCharge(ref)));
    return reply.type('text/html; charset=utf-8').send(page);
  });

  app.post<{ Params: { ref: string }; Body: Body }>('/challenge/:ref', async (request, reply) => {
    const { decision } = request.body;
    if (decision !== 'approve' && decision !== 'deny')
      throw new Refused(400, 'invalid_request', 'approve or deny.');
    const approved = decision === 'approve';
    const { ref } = request.params;
    const setup = book.anySetup(ref);
    const decided = setup
      ? await setups.decide(setup, approved)
      : await rules.decide(found(book.anyCharge(ref)), approved);
    if ('operations' in decided) timetable.watch(decided);
    if (decided.returnUrl !== null && request.headers['content-type'] !== 'application/json') {
      return reply.redirect(decided.returnUrl, 303);
    }
    return reply.type('text/html; charset=utf-8').send(outcomePage(decided));
  });
}

const bearerOrNull = (request: FastifyRequest): string | null =>
  request.headers.authorization === undefined ? null : accountOf(request);
