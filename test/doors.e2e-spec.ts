import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { startApp, type TestApp } from './support/app.js';
import { canary } from './support/canary.js';
import { given } from './support/given.js';
import { buy, fillCart, goods } from './support/purchase.js';

interface Described {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}
interface Door {
  method: string;
  path: string;
  queries: string[];
  /** A body that works, where it is JSON. */
  example: unknown;
}

/** What no field was made for. */
const STRANGE: unknown[] = [
  'a\u0000b',
  '\ud800',
  'x'.repeat(5_000),
  'attacker\uFE6Bevil.test\uFF0Cx@shop.test',
  '2026-W01-1T00:00:00Z',
  null,
  -1,
  2 ** 53,
  [],
  {},
];
const STRANGE_QUERIES = [
  'a%00b',
  '%zz',
  '%ff%fe',
  '99999999999999999999',
  '2026-W01-1T00:00:00Z',
  '2026-01-01T10%2B01:00',
  '2026-01-01T24:00:00%2B23:59',
];
const STRANGE_PATHS = ['%00', '%zz', '%ff', 'x'.repeat(290), 'x'.repeat(400), '..%2f..'];

function doors(): Door[] {
  return ['openapi.json', 'openapi.admin.json'].flatMap((file) => {
    const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
      paths: Record<string, Record<string, Described>>;
    };
    return Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        queries: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        example: requestBody?.content['application/json']?.example,
      })),
    );
  });
}

/** Of everything strange so much at each place; all of it is sent to every kind of field many times over. `DOORS=all`: all everywhere. */
const AT_ONE_PLACE = process.env.DOORS === 'all' ? STRANGE.length : 3;
let turn = 0;

/** The next of them, so that neighbours get different ones. */
const some = <T>(all: readonly T[]): T[] =>
  Array.from({ length: Math.min(AT_ONE_PLACE, all.length) }, () => all[turn++ % all.length] as T);

/** The body with one place of it replaced, for every place by something strange; names are places too. */
function* spoiled(body: unknown): Generator<unknown> {
  yield* some(STRANGE);
  if (Array.isArray(body)) {
    for (const [n, item] of body.entries()) for (const one of spoiled(item)) yield body.with(n, one);
  } else if (typeof body === 'object' && body !== null) {
    for (const name of ['\u0000', '\ud800', 'constructor']) yield { ...body, [name]: 'x' };
    const rest = JSON.stringify(body).slice(1);
    yield JSON.parse(`{"__proto__":{"x":1}${rest === '}' ? '' : ','}${rest}`);
    for (const [name, item] of Object.entries(body))
      for (const one of spoiled(item)) yield { ...body, [name]: one };
  }
}

// The client holds every answer against the documents as well.
describe('no door', () => {
  let app: TestApp;
  let staff: string;
  let customer: string;
  let cartToken: string;
  /** What there is, by the name that stands before its id in a path. */
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    app = await startApp();
    canary.ignore(STRANGE);
    staff = await given.admin(app);
    ({ token: customer } = await given.customer(app));
    const product = await given.product(app, staff);
    const lamp = await goods(app);
    const cart = await fillCart(app, [lamp]);
    const { answer } = await buy(app, [lamp]);
    await app.settle();
    cartToken = cart.token;
    ids.products = product.id;
    ids.variants = product.variants[0].id;
    ids.carts = cart.id;
    ids.orders = answer.body.id;
    ids.payments = answer.body.payments[0].id;
  });
  afterAll(() => app?.close());

  const pathOf = ({ path }: Door): string =>
    path.replace(/(\w[\w-]*)\/\{\w+\}/g, (_, name: string) => `${name}/${ids[name] ?? randomUUID()}`);

  /** Sends them, many at once, and answers which of them were our fault or were not answered as a problem. */
  const knock = async (
    door: Door,
    knocks: { path: string; body?: string | Uint8Array; type?: string }[],
  ): Promise<string[]> => {
    const faults: string[] = [];
    const token = door.path.startsWith('/v1/admin') ? staff : customer;
    const waiting = [...knocks];
    const one = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const { path, body, type = 'application/json' } = next;
        const headers: Record<string, string> = body === undefined ? {} : { 'content-type': type };
        const answer = await app.send(door.method, path, body, {
          // With a token, /v1/carts is the customer's and not the guest's.
          ...(!/^\/v1\/(carts|orders|payments|auth)/.test(path) && { token }),
          cartToken,
          key: randomUUID(),
          headers,
        });
        const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json');
        if (answer.status >= 500 || (answer.status >= 400 && !isProblem))
          faults.push(`${door.method} ${path} ${Buffer.from(body ?? '').toString()}`.slice(0, 300));
      }
    };
    await Promise.all(Array.from({ length: 24 }, one));
    return faults;
  };

  it('fails on a body that is strange in one place', async () => {
    const open = doors().filter(({ example }) => example !== undefined);
    expect(open.length).toBeGreaterThan(30);
    for (const door of open) {
      const path = pathOf(door);
      const bodies = [...spoiled(door.example)].map((body) => JSON.stringify(body));
      expect(
        await knock(
          door,
          bodies.map((body) => ({ path, body })),
        ),
      ).toEqual([]);
    }
  }, 300_000);

  it('fails on what is no JSON, or too deep', async () => {
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    for (const door of doors().filter(({ method }) => ['POST', 'PATCH'].includes(method))) {
      const path = pathOf(door);
      expect(
        await knock(
          door,
          some([
            { path, body: deep },
            { path, body: '"x"' },
            { path, body: '\ufeff{}' },
            { path, body: '' },
            { path, body: 'hello', type: 'text/plain' },
            { path, body: 'a=b', type: 'application/x-www-form-urlencoded' },
            { path, body: '{}', type: 'nonsense' },
          ]),
        ),
      ).toEqual([]);
    }
  });

  it('fails on a strange query', async () => {
    for (const door of doors()) {
      const knocks = door.queries.flatMap((name) =>
        [name, `${name}[gte]`, `${name}[x][a%00]`].flatMap((shape) =>
          some(STRANGE_QUERIES).map((text) => ({ path: `${pathOf(door)}?${shape}=${text}` })),
        ),
      );
      expect(await knock(door, knocks)).toEqual([]);
    }
  }, 300_000);

  it('fails on a strange path', async () => {
    for (const door of doors().filter(({ path }) => path.includes('{'))) {
      const body = door.example === undefined ? {} : { body: JSON.stringify(door.example) };
      const knocks = some(STRANGE_PATHS).map((text) => ({
        path: door.path.replace(/\{\w+\}/g, text),
        ...body,
      }));
      expect(await knock(door, knocks)).toEqual([]);
    }
  });

  it('keeps what is no text in place of text', async () => {
    const name = Buffer.from([...Buffer.from('{"firstName":"'), 0xff, ...Buffer.from('"}')]);
    const headers = { 'content-type': 'application/json' };
    const answer = await app.patch('/v1/me', name, { token: customer, headers });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ code: 'malformed' }] } });
  });

  it('says where in a body the text is that cannot be kept', async () => {
    const address = { firstName: 'a\u0000b' };
    const answer = await app.patch(`/v1/carts/${ids.carts}`, { shippingAddress: address }, { cartToken });
    expect(answer.body.errors).toMatchObject([{ pointer: '/shippingAddress/firstName', code: 'unstorable' }]);
  });
});
