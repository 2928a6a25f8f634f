import { randomUUID } from 'node:crypto';
import { Deliveries } from '../src/platform/events/deliveries.js';
import { Relay } from '../src/platform/events/relay.js';
import { Workers } from '../src/platform/events/workers.js';
import { PageCache } from '../src/platform/http/page-cache.js';
import { Readiness } from '../src/platform/observability/readiness.js';
import { firstStart } from '../src/platform/start/first-start.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import { FixtureModule, MistakenModule } from './support/kernel.fixture.js';

const NOTES = '/v1/fixture/notes';

describe('the platform', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({}, [FixtureModule]);
    await app.database.execute('CREATE TABLE fixture_notes (text text)');
    await app.database.execute('CREATE TABLE fixture_heard (text text)');
  });
  afterAll(() => app?.close());

  const count = async (table: string, text: string) => {
    const [row] = await app.database.query<{ count: string }>(
      `SELECT count(*) FROM ${table} WHERE text = $1`,
      [text],
    );
    return Number(row?.count);
  };

  describe('access', () => {
    it('asks for a fresh sign-in where the whole controller says so', async () => {
      const { token, email, password } = await given.customer(app);
      expect((await app.get('/v1/fixture/secrets', { token })).status).toBe(200);
      const { refreshToken } = (await app.post('/v1/auth/login', { email, password })).body;
      await app.database.execute(
        `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
        [await given.accountId(app, email)],
      );
      const { accessToken } = (await app.post('/v1/auth/refresh', { refreshToken })).body;
      const stale = await app.get('/v1/fixture/secrets', { token: accessToken });
      expect([stale.status, stale.body.code]).toEqual([401, 'platform.proof_required']);
    });

    it('starts no shop that asks whoever comes in public for a fresh sign-in', async () => {
      await expect(startApp({}, [MistakenModule])).rejects.toThrow('MistakenController');
    });
  });

  describe('problems', () => {
    it('answers an unknown path with the id of the request', async () => {
      const answer = await app.get('/v1/nothing', { headers: { 'x-request-id': 'my-request-0001' } });
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('x-request-id')).toBe('my-request-0001');
      expect(answer.body).toMatchObject({
        code: 'platform.not_found',
        requestId: 'my-request-0001',
        instance: '/v1/nothing',
      });
    });

    it('takes the request id from traceparent', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const answer = await app.get('/v1/nothing', { headers: { traceparent } });
      expect(answer.headers.get('x-request-id')).toBe('0af7651916cd43dd8448eb211c80319c');
    });

    it('names the methods of a path', async () => {
      const answer = await app.delete(NOTES);
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, POST');
    });

    it.each([
      ['malformed JSON', '{"text":', 'application/json', 400, ''],
      ['an unknown property', '{"text":"a","x":1}', 'application/json', 400, '/x'],
      ['a wrong type', '{"text":7}', 'application/json', 400, '/text'],
      ['a number as text', '{"text":"a","weight":"3"}', 'application/json', 400, '/weight'],
      ['a list of texts for objects', '{"text":"a","parts":["b"]}', 'application/json', 400, '/parts'],
      [
        'a fault deep inside',
        '{"text":"a","parts":[{"name":"b","price":{"amount":1.5,"currency":"EUR"}}]}',
        'application/json',
        400,
        '/parts/0/price/amount',
      ],
      [
        'an unknown currency',
        '{"text":"a","parts":[{"name":"b","price":{"amount":1,"currency":"EUX"}}]}',
        'application/json',
        400,
        '/parts/0/price/currency',
      ],
      ['null where it may not be', '{"text":null}', 'application/json', 400, '/text'],
      ['no body', '', 'application/json', 400, undefined],
      ['another content type', '<a/>', 'text/xml', 415, undefined],
      ['plain text', '{"text":"a"}', 'text/plain', 415, undefined],
      [
        'half of a surrogate pair',
        '{"parts":[{"name":"\\ud83d"}]}',
        'application/json',
        400,
        '/parts/0/name',
      ],
      ['NUL', '{"text":"a\\u0000b"}', 'application/json', 400, '/text'],
      ['NUL in a name', '{"a\\u0000b":1}', 'application/json', 400, ''],
      [
        'lists without end',
        '['.repeat(200_000) + ']'.repeat(200_000),
        'application/json',
        400,
        '/0'.repeat(32),
      ],
      [
        'objects without end',
        '{"a":'.repeat(99_999) + '1' + '}'.repeat(99_999),
        'application/json',
        400,
        '/a'.repeat(32),
      ],
    ])('refuses %s', async (_what, body, type, status, pointer) => {
      const answer = await app.post(NOTES, body, { headers: { 'content-type': type } });
      expect(answer.status).toBe(status);
      if (pointer !== undefined)
        expect(answer.body.errors.map((e: { pointer: string }) => e.pointer)).toContain(pointer);
    });

    it.each([
      ['objects in a list', `{"text":"a","parts":[${Array(340_000).fill('{}').join()}]}`, '/parts'],
      ['properties', `{${Array.from({ length: 80_000 }, (_, n) => `"${n}":1`).join()}}`, ''],
    ])('looks at no more than so many %s', async (_what, body, pointer) => {
      const answer = await app.post(NOTES, body, { headers: { 'content-type': 'application/json' } });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer, code: 'too_wide' }] } });
    });

    it('tells the first hundred faults', async () => {
      const unknown = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`x${n}`, 1]));
      const answer = await app.post(NOTES, { text: 'a', ...unknown });
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toHaveLength(100);
    });

    it('refuses a path that cannot be decoded', async () => {
      const answer = await app.get('/v1/carts/%E0%A4%A');
      expect(answer).toMatchObject({ status: 400, body: { code: 'platform.invalid_input' } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('x-request-id')).toBe(answer.body.requestId);
    });

    it.each([
      ['{"parts":[]}', [['/text', 'required', 'is required']]],
      ['{"text":7}', [['/text', 'not_text', 'must be a text']]],
      ['{"text":""}', [['/text', 'too_short', 'must not be empty']]],
      [
        '{"text":"a","weight":99,"parts":["b"],"x":1}',
        [
          ['/x', 'unknown_property', 'is not known here'],
          ['/weight', 'too_high', 'must be at most 9'],
          ['/parts', 'not_object', 'must hold objects'],
        ],
      ],
      [
        '{"text":"a","parts":[{"name":"abcdef","price":{"amount":-1,"currency":"EUX"}}]}',
        [
          ['/parts/0/name', 'too_long', 'must have at most 5 characters'],
          ['/parts/0/price/amount', 'too_low', 'must be at least 0'],
          ['/parts/0/price/currency', 'not_currency', 'must be an ISO 4217 currency code such as EUR'],
        ],
      ],
      ['[]', [['', 'not_object', 'must be an object']]],
      ['"x"', [['', 'not_object', 'must be an object']]],
      ['null', [['', 'not_object', 'must be an object']]],
      ['', [['', 'not_object', 'must be an object']]],
    ])('tells one plain fault a field of %s', async (body, faults) => {
      const answer = await app.post(NOTES, body, { headers: { 'content-type': 'application/json' } });
      expect(answer.status).toBe(400);
      type Fault = { pointer: string; code: string; message: string };
      const told = answer.body.errors.map(({ pointer, code, message }: Fault) => [pointer, code, message]);
      expect(told).toEqual(expect.arrayContaining(faults));
      expect(told).toHaveLength(faults.length);
    });

    it.each(['application/x-www-form-urlencoded', 'text/plain'])('takes no body of %s', async (type) => {
      const answer = await app.post('/v1/carts', 'currency=EUR', { headers: { 'content-type': type } });
      expect(answer).toMatchObject({ status: 415, body: { code: 'platform.unsupported_media_type' } });
    });

    it('refuses a body that is too large', async () => {
      const answer = await app.post(NOTES, { text: 'x'.repeat(1_100_000) });
      expect(answer.status).toBe(413);
    });

    it('refuses text that cannot be kept, and ids that are none', async () => {
      expect((await app.post(NOTES, { text: 'a\u0000b' })).status).toBe(400);
      expect((await app.get('/v1/carts/not-an-id', { cartToken: 'x' })).status).toBe(400);
    });

    it('tells nothing about what failed inside', async () => {
      const answer = await app.post(NOTES, { text: 'fail' });
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain('as the test wants');
      expect(await count('fixture_notes', 'fail')).toBe(0);
    });
  });

  describe('queries', () => {
    it('converts text where a field says so', async () => {
      const answer = await app.get(`${NOTES}?limit=3&loud=true&weight[gte]=7`);
      expect(answer.body).toMatchObject({ limit: 3, loud: true, weight: { gte: 7 } });
    });

    it('say plainly that a value is none of a range', async () => {
      const { body } = await app.get(`${NOTES}?weight=7`);
      expect(body.errors).toEqual([{ pointer: '/weight', code: 'not_object', message: 'must be an object' }]);
    });

    it.each(['limit=0', 'limit=x', 'loud=maybe', 'weight[gt]=1', 'colour=red', 'limit=1&limit=2'])(
      'refuses ?%s',
      async (query) => {
        expect((await app.get(`${NOTES}?${query}`)).status).toBe(400);
      },
    );
  });

  describe('Idempotency-Key', () => {
    it('replays the answer byte by byte and does the work once', async () => {
      const key = randomUUID();
      const first = await app.post(NOTES, { text: 'once', weight: 1 }, { key });
      const again = await app.post(NOTES, { weight: 1, text: 'once' }, { key });
      expect(first.status).toBe(201);
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      expect(again.status).toBe(201);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.text).toBe(first.text);
      expect(await count('fixture_notes', 'once')).toBe(1);
    });

    it('lets one of twenty through and tells the others to wait or gives them its answer', async () => {
      const key = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => app.post(NOTES, { text: 'race' }, { key })),
      );
      expect(await count('fixture_notes', 'race')).toBe(1);
      expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
      expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    });

    it('says what a key has to look like', async () => {
      const answer = await app.post(NOTES, { text: 'a' }, { key: 'short' });
      expect(answer).toMatchObject({
        status: 400,
        body: {
          code: 'platform.idempotency_key_required',
          detail: expect.stringContaining('16 to 255 characters'),
          errors: [expect.objectContaining({ pointer: '/headers/Idempotency-Key', code: 'malformed' })],
        },
      });
    });

    it('refuses the key for another body', async () => {
      const key = randomUUID();
      await app.post(NOTES, { text: 'one' }, { key });
      const other = await app.post(NOTES, { text: 'two' }, { key });
      expect(other.status).toBe(422);
      expect(other.body.code).toBe('platform.idempotency_key_reused');
    });

    it('keeps the key free when nothing was committed', async () => {
      const key = randomUUID();
      expect((await app.post(NOTES, { text: 'fail' }, { key })).status).toBe(500);
      expect((await app.post(NOTES, { text: 'better' }, { key })).status).toBe(201);
    });

    it('keeps nothing that could be read without the key', async () => {
      const key = randomUUID();
      await app.post(NOTES, { text: 'very secret' }, { key });
      const rows = await app.database.query<{ body: Buffer }>(
        'SELECT body FROM platform.idempotency_keys WHERE body IS NOT NULL',
      );
      expect(rows.some(({ body }) => body.includes('very secret'))).toBe(false);
    });
  });

  describe('facts', () => {
    it('reach their consumer once, and never from a transaction that was rolled back', async () => {
      await app.post(NOTES, { text: 'heard' });
      await app.post(NOTES, { text: 'fail' });
      await app.settle();
      expect(await count('fixture_heard', 'heard')).toBe(1);
      expect(await count('fixture_heard', 'fail')).toBe(0);
    });

    it('have positions without a gap, in the order of their commits', async () => {
      await Promise.all(Array.from({ length: 30 }, (_, n) => app.post(NOTES, { text: `many ${n}` })));
      await app.settle();
      const [row] = await app.database.query<{ gaps: string; last: string; facts: string }>(
        'SELECT count(*) FILTER (WHERE position IS NULL) AS gaps, max(position) AS last, count(*) AS facts FROM platform.events',
      );
      expect(row).toMatchObject({ gaps: '0', last: row?.facts });
    });

    it('do nothing the second time', async () => {
      await app.post(NOTES, { text: 'twice' });
      await app.settle();
      const [delivery] = await app.database.query<{ id: string }>(
        `SELECT d.id FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id WHERE e.payload->>'text' = 'twice'`,
      );
      await app.app.get(Deliveries).handle([delivery?.id ?? '']);
      expect(await count('fixture_heard', 'twice')).toBe(1);
    });

    it('are handed to hearers that only a newer version of the program knows', async () => {
      await app.database.execute(
        `INSERT INTO platform.consumers (name, type, queue) VALUES ('Tomorrow.hear', 'fixture.note_taken', 'events')`,
      );
      await app.post(NOTES, { text: 'for tomorrow' });
      const look = () =>
        app.database.query<{ state: string }>(
          `SELECT d.state FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id
           WHERE e.payload->>'text' = 'for tomorrow' AND d.consumer = 'Tomorrow.hear'`,
        );
      // The relay of the workers may be in the middle of it, and then there is nothing left to drain.
      await app.app.get(Relay).drain();
      let waiting = await look();
      while (waiting.length === 0) waiting = await look();
      expect(waiting).toEqual([{ state: 'pending' }]);
      await app.database.execute(
        `UPDATE platform.deliveries SET state = 'dead' WHERE consumer = 'Tomorrow.hear'`,
      );
      await app.database.execute(
        `UPDATE platform.consumers SET seen_at = now() - interval '2 days' WHERE name = 'Tomorrow.hear'`,
      );
      await app.run('platform.enlist_consumers');
      const names = await app.database.query<{ name: string }>('SELECT name FROM platform.consumers');
      expect(names.map(({ name }) => name)).toContain('FixtureSubscriber.hear');
      expect(names.map(({ name }) => name)).not.toContain('Tomorrow.hear');
    });

    it('that share a job do not share their failures', async () => {
      const workers = app.app.get(Workers);
      await workers.stop();
      try {
        for (const text of ['before the poison', 'poison', 'after the poison'])
          await app.post(NOTES, { text });
        await app.app.get(Relay).drain();
        const due = await app.database.query<{ id: string }>(
          `SELECT id FROM platform.deliveries WHERE state = 'pending'`,
        );
        await expect(app.app.get(Deliveries).handle(due.map(({ id }) => id))).rejects.toThrow(
          'cannot hear this',
        );
        expect(await count('fixture_heard', 'before the poison')).toBe(1);
        expect(await count('fixture_heard', 'after the poison')).toBe(1);
        expect(await count('fixture_heard', 'poison')).toBe(0);
        await app.database.execute(`UPDATE platform.deliveries SET state = 'dead' WHERE state = 'pending'`);
      } finally {
        await workers.start({ schedules: false });
      }
    });

    it('come back when their jobs were lost', async () => {
      await app.post(NOTES, { text: 'lost' });
      await app.settle();
      await app.database.execute(
        `UPDATE platform.deliveries SET state = 'pending', done_at = NULL, enqueued_at = now() - interval '2 minutes'
         WHERE event_id = (SELECT id FROM platform.events WHERE payload->>'text' = 'lost')`,
      );
      expect(await app.app.get(Deliveries).sweep()).toBe(1);
      await app.settle();
      expect(await count('fixture_heard', 'lost')).toBe(2);
    });

    it('become dead, stay visible and can be replayed', async () => {
      await app.post(NOTES, { text: 'poison' });
      const find = async () => {
        const [row] = await app.database.query<{
          id: string;
          state: string;
          failures: number;
          last_error: string;
        }>(
          `SELECT d.* FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id WHERE e.payload->>'text' = 'poison'`,
        );
        return row;
      };
      while ((await find()) === undefined) await new Promise((done) => setTimeout(done, 10));
      const id = (await find())?.id ?? '';
      for (let n = 0; n < 9; n++)
        await app.app
          .get(Deliveries)
          .handle([id])
          .catch(() => undefined);
      expect(await find()).toMatchObject({ state: 'dead', last_error: 'Error: cannot hear this' });
      expect(await count('fixture_heard', 'poison')).toBe(0);
      expect(await app.app.get(Deliveries).replay(id)).toBe(true);
      expect(await find()).toMatchObject({ state: 'pending', failures: 0 });
      await app.database.execute(`UPDATE platform.deliveries SET state = 'dead' WHERE id = $1`, [id]);
    });
  });

  describe('ready pages', () => {
    it('answer 304 to their ETag, and change at once with the content', async () => {
      const url = `${NOTES}?limit=17`;
      const first = await app.get(url);
      const etag = first.headers.get('etag') ?? '';
      expect(first.headers.get('cache-control')).toContain('max-age');
      await app.database.execute(`INSERT INTO fixture_notes (text) VALUES ('behind the back')`);
      const kept = await app.get(url);
      expect(kept.text).toBe(first.text);
      const unchanged = await app.get(url, { headers: { 'if-none-match': etag } });
      expect(unchanged.status).toBe(304);
      expect(unchanged.text).toBe('');
      app.app.get(PageCache).dropAll();
      const fresh = await app.get(url, { headers: { 'if-none-match': etag } });
      expect(fresh.status).toBe(200);
      expect(fresh.body.count).toBe(first.body.count + 1);
    });
  });

  describe('metrics', () => {
    it('are open while nothing is at stake', async () => {
      expect((await app.get('/metrics')).text).toContain('http_server_active_requests');
    });

    it('are given to whoever has the token of the settings', async () => {
      const METRICS_TOKEN = 'the eye that watches';
      const guarded = await startApp({ METRICS_TOKEN });
      try {
        expect((await guarded.get('/metrics')).status).toBe(401);
        expect((await guarded.get('/metrics', { token: 'the eye that guesses' })).status).toBe(401);
        const seen = await guarded.get('/metrics', { token: METRICS_TOKEN });
        expect(seen).toMatchObject({
          status: 200,
          text: expect.stringContaining('http_server_active_requests'),
        });
        expect((await guarded.get('/v1/products', { token: METRICS_TOKEN })).status).toBe(401);
      } finally {
        await guarded.close();
      }
    });
  });

  describe('pages of other origins', () => {
    const preflight = (origin: string, at = app) =>
      at.send('OPTIONS', '/v1/carts', undefined, {
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,idempotency-key,x-cart-token',
        },
      });

    it('may ask when they are of this machine', async () => {
      const asked = await preflight('http://localhost:5173');
      expect(asked.status).toBe(204);
      expect(asked.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
      expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
      const headers = (asked.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ');
      expect(headers).toEqual(
        expect.arrayContaining([
          'authorization',
          'content-type',
          'idempotency-key',
          'if-match',
          'x-cart-token',
        ]),
      );
      expect(Number(asked.headers.get('access-control-max-age'))).toBeGreaterThan(0);
      expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    });

    it('read what they are told, ready pages and problems too', async () => {
      const headers = { origin: 'http://127.0.0.1:8080' };
      for (const url of [`${NOTES}?limit=23`, `${NOTES}?limit=23`, '/v1/nothing']) {
        const answer = await app.get(url, { headers });
        expect(answer.headers.get('access-control-allow-origin')).toBe(headers.origin);
        expect(answer.headers.get('access-control-expose-headers')).toMatch(/ETag.*Idempotency-Replayed/);
        expect(answer.headers.get('vary')).toMatch(/^Origin(, |$)/);
      }
    });

    it.each([
      'https://shop.example',
      'http://localhost.evil.example',
      'null',
      'http://127.0.0.1.evil.example',
    ])('are told nothing when they are %s', async (origin) => {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      const answer = await app.get('/v1/nothing', { headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });

    it('are those of the settings, and no others', async () => {
      const shop = await startApp({ CORS_ORIGINS: 'https://shop.example' });
      try {
        const asked = await preflight('https://shop.example', shop);
        expect(asked.headers.get('access-control-allow-origin')).toBe('https://shop.example');
        const other = await preflight('http://localhost:5173', shop);
        expect(other.headers.get('access-control-allow-origin')).toBeNull();
      } finally {
        await shop.close();
      }
    });
  });

  describe('the first start', () => {
    it('offers nothing to try where there is nothing to buy', async () => {
      expect(await firstStart(app.app)).toEqual({ sells: false });
    });
  });

  describe('readiness', () => {
    it('ends when the schema is older than the program', async () => {
      const readiness = app.app.get(Readiness);
      readiness.needs = ['Kernel1760000000000'];
      expect((await app.get('/health/ready')).status).toBe(200);
      readiness.needs = ['Kernel1760000000000', 'OfTomorrow1990000000000'];
      expect(await app.get('/health/ready')).toMatchObject({
        status: 503,
        body: { code: 'platform.unavailable' },
      });
      readiness.needs = [];
    });
  });

  describe('reads that share a connection', () => {
    it('keep their answers apart, and one that fails takes no other with it', async () => {
      const asked = Array.from({ length: 60 }, (_, n) =>
        app.database
          .look<{ n: number }>(n % 20 === 7 ? 'SELECT 1 / ($1::int - $1) AS n' : 'SELECT $1::int AS n', [n])
          .then(
            ([row]) => row?.n,
            (error: Error) => error.message,
          ),
      );
      expect(await Promise.all(asked)).toEqual(
        Array.from({ length: 60 }, (_, n) => (n % 20 === 7 ? 'division by zero' : n)),
      );
    });

    it('go on when the server has ended their connections', async () => {
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'guildhall-all'`;
      const asked = Array.from({ length: 20 }, () =>
        app.database.look('SELECT pg_sleep(0.3)').catch(() => []),
      );
      await app.database.query(end);
      await Promise.all(asked);
      expect(await app.database.look('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });

    it('see what their transaction has written', async () => {
      await app.database.execute('CREATE TABLE fixture_looked (n int)');
      const seen = await app.database.transaction(async () => {
        await app.database.execute('INSERT INTO fixture_looked VALUES (7)');
        return app.database.look('SELECT n FROM fixture_looked');
      });
      expect(seen).toEqual([{ n: 7 }]);
    });
  });

  describe('transactions', () => {
    it('take no statement any more when they are over', async () => {
      await app.database.execute('CREATE TABLE fixture_late (n int)');
      let late: Promise<unknown> = Promise.resolve();
      await expect(
        app.database.transaction(async () => {
          late = app.database
            .query('SELECT 1')
            .then(() => new Promise((done) => setTimeout(done, 50)))
            .then(() => app.database.execute('INSERT INTO fixture_late VALUES (1)'));
          await app.database.execute('SELECT 1 / 0');
        }),
      ).rejects.toThrow('division by zero');
      await expect(late).rejects.toThrow('is over');
      expect(await app.database.query('SELECT n FROM fixture_late')).toEqual([]);
    });

    it('are run again after a deadlock', async () => {
      await app.database.execute(`CREATE TABLE fixture_pair (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)`);
      await app.database.execute(`INSERT INTO fixture_pair (id) VALUES (1), (2)`);
      const touch = (first: number, second: number) =>
        app.database.transaction(async () => {
          await app.database.execute('UPDATE fixture_pair SET n = n + 1 WHERE id = $1', [first]);
          await new Promise((done) => setTimeout(done, 50));
          await app.database.execute('UPDATE fixture_pair SET n = n + 1 WHERE id = $1', [second]);
        });
      await Promise.all([touch(1, 2), touch(2, 1)]);
      expect(await app.database.query('SELECT id, n FROM fixture_pair ORDER BY id')).toEqual([
        { id: 1, n: 2 },
        { id: 2, n: 2 },
      ]);
    });
  });
});
