import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeJwt, SignJWT } from 'jose';
import { KeyRing } from '../src/identity/token/key-ring.service.js';
import { startApp, type TestApp } from './support/app.js';
import { roomInStep, shownCode } from './support/authenticator-app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { berlin, goods } from './support/purchase.js';

interface Described {
  operationId: string;
  security?: Record<string, string[]>[];
  requestBody?: { content: Record<string, { example?: unknown }> };
  'x-permissions'?: string[];
  'x-fresh-sign-in'?: boolean;
  'x-staff-permission'?: string;
  'x-ignores-authorization'?: boolean;
}

interface Cell {
  operation: Operation;
  who: string;
  /** What the document lets this one expect. */
  expected: 'let in' | '401' | '403' | '404';
  options: { token?: string };
  path: string;
}

/** What a person does for itself with things that are everybody's. */
const ABOUT_PRODUCTS = ['writeReview', 'addRecentlyViewed'];

/** One operation, and what its document says about who may use it. */
class Operation {
  readonly id: string;
  readonly permissions: string[] | undefined;
  readonly fresh: boolean;
  /** Looks at no token, so that a dead one does no harm. */
  readonly isDeaf: boolean;
  /** With it, things of shoppers are open whosever they are. */
  readonly staffPermission: string | undefined;
  readonly example: unknown;
  readonly hasBody: boolean;
  /** The names of the ways in, `''` for none. */
  readonly ways: string[];

  constructor(
    readonly method: string,
    readonly path: string,
    described: Described,
  ) {
    this.id = described.operationId;
    this.permissions = described['x-permissions'];
    this.isDeaf = described['x-ignores-authorization'] ?? false;
    this.fresh = described['x-fresh-sign-in'] ?? false;
    this.ways = (described.security ?? []).map((way) => Object.keys(way).join('+'));
    this.staffPermission = described['x-staff-permission'];
    const content = described.requestBody?.content ?? {};
    this.hasBody = described.requestBody !== undefined;
    this.example = content['application/json']?.example;
  }

  get needed(): string[] {
    return this.permissions ?? [];
  }
  /** The handler itself asks which program it is, by what stands in the body too. */
  get isForClients(): boolean {
    return this.ways.includes('client');
  }
  /** Needs whoever a thing belongs to: the holder of the cart's token or the person. */
  get isHeld(): boolean {
    return this.ways.includes('cartToken');
  }
  get isOwn(): boolean {
    return this.needed.some(isOwnThing);
  }
  /** One thing, or things, of whoever holds it. */
  get isAboutOwnThing(): boolean {
    return this.path.includes('{') && (this.isHeld || this.isOwn) && !ABOUT_PRODUCTS.includes(this.id);
  }
  /** Changes what there is one of: of its kind, or of somebody's. */
  get isSolitary(): boolean {
    return this.method !== 'GET' && !this.path.includes('{') && this.needed.length > 0;
  }
}

const isOwnThing = (permission: string): boolean => permission.startsWith('account:');

/** Answers of the door, and not of what lies behind it, where a wrong password is a 401 as well. */
const OF_THE_DOOR = [
  'platform.unauthorized',
  'platform.proof_required',
  'platform.forbidden',
  'platform.impersonation_forbidden',
  'identity.second_factor_required',
];

/** Operations with a check that no document can say, each with its reason. */
const OWN_CHECK: Record<string, string> = {
  getMetrics: 'the token of METRICS_TOKEN, for programs that know no accounts',
};

const operations = ['openapi.json', 'openapi.admin.json'].flatMap((file) => {
  const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, Described>>;
  };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]) => new Operation(method.toUpperCase(), path, described)),
  );
});

/** Every set of permissions that some operation asks for and that can be granted. */
const grants = [
  ...new Map(
    operations
      .filter(({ needed, isOwn }) => needed.length > 0 && !isOwn)
      .map(({ needed }) => [needed.join(' '), needed]),
  ).values(),
];

const opensFor = ({ staffPermission }: Operation, permissions: 'all' | string[]): boolean =>
  staffPermission !== undefined && (permissions === 'all' || permissions.includes(staffPermission));

const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

describe('who may do what', () => {
  let app: TestApp;
  /** Access tokens by who it is. */
  const people: Record<string, { token: string; permissions: 'all' | string[]; fresh: boolean }> = {};
  const machines: { who: string; token: string; scopes: string[] }[] = [];
  const nobodies: Record<string, string> = {};
  /** What belongs to the customer, by the path up to its id. */
  const ids: Record<string, string> = {};

  const must = (answer: Answer): Answer['body'] => {
    if (answer.status >= 300) throw new Error(`the world was not made: ${answer.text}`);
    return answer.body;
  };
  /** The same person with a second factor that was just used. */
  const withFactor = async (token: string): Promise<string> => {
    const { secret } = must(await app.post('/v1/me/mfa/totp', undefined, { token }));
    await roomInStep();
    const confirmed = { code: shownCode(secret as string) };
    return must(await app.post('/v1/me/mfa/totp/confirmation', confirmed, { token })).accessToken as string;
  };
  const staff = async (roles: string[], token: string) => {
    const made = await given.staff(app, roles, token);
    return { ...made, token: await withFactor(made.token) };
  };
  const signed = (token: string, changes: object): Promise<string> => {
    const { active } = app.app.get(KeyRing, { strict: false });
    return new SignJWT({ ...decodeJwt(token), ...changes })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: active.kid })
      .sign(active.key);
  };

  beforeAll(async () => {
    app = await startApp({ STAFF_SECOND_FACTOR: 'required', API_KEY_REQUESTS_PER_MINUTE: '1000000' });
    const alone = await given.admin(app);
    const token = await withFactor(alone);
    const now = Math.floor(Date.now() / 1_000);
    const granted = grants.flat();
    const readOnly = [...new Set(granted.filter((permission) => permission.endsWith(':read')))];
    const role = { code: 'looks', title: 'Looks at everything', permissions: readOnly };
    must(await app.post('/v1/admin/roles', role, { token }));
    const customer = await given.customer(app);
    const other = await given.customer(app);
    people['another customer'] = { token: other.token, permissions: [], fresh: true };
    const looks = await staff(['looks'], token);
    people['staff that reads'] = { token: looks.token, permissions: readOnly, fresh: true };
    const admin = await staff(['administrator'], token);
    people.administrator = { token: admin.token, permissions: 'all', fresh: true };
    const old = { ...decodeJwt(token), auth_time: now - 700 };
    people['administrator of eleven minutes ago'] = {
      token: await signed(token, old),
      permissions: 'all',
      fresh: false,
    };
    people['staff without the second factor'] = {
      token: (await given.staff(app, ['administrator'], token)).token,
      permissions: [],
      // One factor is all that it has.
      fresh: true,
    };
    nobodies['an expired token'] = await signed(token, { iat: now - 700, exp: now - 10 });
    const [left, disabled] = [await staff(['administrator'], token), await staff(['administrator'], token)];
    const session = decodeJwt(left.token).sid as string;
    must(await app.delete(`/v1/admin/staff/${left.id}/sessions/${session}`, { token }));
    nobodies['a revoked session'] = left.token;
    const etag = (await app.get(`/v1/admin/staff/${disabled.id}`, { token })).headers.get('etag') ?? '';
    const headers = { 'if-match': etag };
    must(await app.patch(`/v1/admin/staff/${disabled.id}`, { status: 'disabled' }, { token, headers }));
    nobodies['a disabled person'] = disabled.token;
    for (const scopes of grants) {
      const key = must(await app.post('/v1/admin/api-keys', { name: scopes.join(), scopes }, { token }));
      const asked = { grant_type: 'client_credentials', client_id: key.id, client_secret: key.key };
      const access = must(await app.post('/v1/oauth/token', asked)).access_token as string;
      machines.push({ who: 'API key', token: key.key as string, scopes });
      machines.push({ who: 'client credentials', token: access, scopes });
    }
    const proved = await belongings(customer.token, admin.token);
    people.customer = { token: proved, permissions: [], fresh: true };
  });
  afterAll(() => app?.close());

  /**
   * What somebody has: bought and made by hand, or by whatever the document shows as an example. Answers an access token
   * that proves the passkey. `keeper` sends what was bought.
   */
  const belongings = async (token: string, keeper: string): Promise<string> => {
    const lamp = await goods(app);
    const address = { line1: 'Gildenweg 1', city: 'Lübeck', country: 'DE' };
    const seller = { name: 'Guildhall', vatId: 'DE136695976', address };
    must(await app.put('/v1/admin/seller-profile', seller, { token: keeper }));
    const mine = { currency: 'EUR', lines: [{ variantId: lamp.variantId, quantity: 1 }] };
    const bought = must(await app.post('/v1/carts', mine, { token }));
    const payment = { gateway: 'test', token: 'ok' };
    const checkout = { payment, shippingAddress: berlin };
    const paid = { token, key: randomUUID() };
    const order = must(await app.post(`/v1/carts/${bought.id}/checkout`, checkout, paid));
    const cart = must(await app.post('/v1/carts', mine, { token }));
    const { variantId } = await goods(app);
    const put = must(await app.post(`/v1/carts/${cart.id}/lines`, { variantId, quantity: 1 }, { token }));
    must(await app.post(`/v1/carts/${cart.id}/lines/${put.lines[1].id}/save`, undefined, { token }));
    const saved = must(await app.get(`/v1/carts/${cart.id}/saved`, { token })).items[0];
    const share = must(await app.post(`/v1/carts/${cart.id}/share`, {}, { token }));
    const gone = await goods(app, { stock: 0 });
    const waiting = { email: 'waiting@example.test' };
    must(await app.post(`/v1/variants/${gone.variantId}/stock-subscriptions`, waiting, { token }));
    must(await app.post(`/v1/products/${lamp.sku.toLowerCase()}/reviews`, { rating: 5 }, { token }));
    const options = must(await app.post('/v1/me/passkeys/registration/options', undefined, { token }));
    const device = new SoftAuthenticator('http://shop.test');
    const credential = device.create(options.publicKey);
    must(await app.post('/v1/me/passkeys/registration/verify', { credential }, { token }));
    const asked = must(await app.post('/v1/auth/passkeys/authentication/options', undefined, { token }));
    const proof = { credential: device.get(asked.publicKey) };
    const proved = must(await app.post('/v1/auth/step-up', proof, { token })).accessToken as string;
    must(
      await app.post(`/v1/admin/orders/${order.id}/fulfilments`, {}, { token: keeper, key: randomUUID() }),
    );
    const lines = [{ lineId: order.lines[0].id, quantity: 1, reason: 'other' }];
    const back = must(
      await app.post(`/v1/orders/${order.id}/returns`, { lines }, { token, key: randomUUID() }),
    );
    const kept = { gateway: 'test', token: 'sca_required' };
    const setup = must(await app.post('/v1/me/payment-methods', kept, { token, key: randomUUID() }));
    await app.settle();
    const invoice = must(await app.get('/v1/me/invoices', { token })).items[0];
    const credit = operations.find(({ id }) => id === 'createCreditNote')?.example;
    const credited = `/v1/admin/invoices/${invoice.id}/credit-notes`;
    const note = must(await app.post(credited, credit, { token: keeper, key: randomUUID() }));
    const plan = operations.find(({ id }) => id === 'createPlan')?.example;
    const planOf = async (body: object): Promise<string> =>
      must(await app.post('/v1/admin/plans', body, { token: keeper, key: randomUUID() })).id;
    const [planId, boxId] = [
      await planOf(plan as object),
      await planOf({ ...(plan as object), code: 'box', kind: 'goods' }),
    ];
    const card = { gateway: 'test', token: 'ok' };
    must(await app.post('/v1/me/payment-methods', card, { token, key: randomUUID() }));
    const coupon = operations.find(({ id }) => id === 'createCoupon')?.example as { code: string };
    must(await app.post('/v1/admin/coupons', coupon, { token: keeper, key: randomUUID() }));
    const wanted = { planId, currency: 'EUR', billingAddress: berlin, couponCode: coupon.code };
    const subscribe = async (body: object): Promise<string> =>
      must(await app.post('/v1/me/subscriptions', body, { token, key: randomUUID() })).id;
    const box = await subscribe({ planId: boxId, currency: 'EUR', billingAddress: berlin });
    const basket = operations.find(({ id }) => id === 'putMySubscriptionBasket')?.example as object;
    const filled = { ...basket, lines: [{ variantId: (await goods(app)).variantId, quantity: 1 }] };
    must(await app.put(`/v1/me/subscriptions/${box}/basket`, filled, { token: proved }));
    await subscribe(wanted);
    await app.settle();
    Object.assign(ids, {
      '/v1/me/credit-notes': note.id,
      '/v1/orders/{id}/invoices': invoice.id,
      '/v1/orders/{id}/credit-notes': note.id,
      '/v1/returns': back.id,
      '/v1/me/payment-method-setups': setup.id,
      '/v1/carts': cart.id,
      '/v1/carts/{id}/lines': cart.lines[0].id,
      '/v1/carts/{id}/saved': saved.id,
      '/v1/carts/{id}/shares': share.id,
      '/v1/orders': order.id,
      '/v1/payments': order.payments[0].id,
      'of /v1/me/subscriptions/{id}/basket': box,
    });
    const collections = new Set(
      operations
        .filter(({ isOwn, path }) => isOwn && path.includes('{'))
        .map(({ path }) => path.slice(0, path.indexOf('/{'))),
    );
    for (const path of collections) {
      const door = (method: string) => operations.find((one) => one.path === path && one.method === method);
      const maker = door('POST');
      const options = { token: proved, key: randomUUID() };
      if (maker && (maker.example !== undefined || !maker.hasBody))
        await app.post(path, maker.example, options);
      const { body } = await app.get(path, options);
      const [first] = (body?.items ?? []) as { id?: string; code?: string }[];
      if (door('GET') && first) ids[path] = first.id ?? first.code ?? '';
    }
    return proved;
  };

  const unknownPath = ({ path }: Operation) => path.replace(/\{\w+\}/g, UNKNOWN);
  /** Null when the customer has nothing there. */
  const realPath = ({ path }: Operation): string | null => {
    let known = true;
    const whole = path.replace(/\/\{\w+\}/g, (part, at: number) => {
      // A basket is that of a subscription to goods, and not of any.
      const id = ids[`of ${path}`] ?? ids[path.slice(0, at)];
      known &&= id !== undefined;
      return id === undefined ? part : `/${id}`;
    });
    return known ? whole : null;
  };

  const cells = (): Cell[] =>
    operations.flatMap((operation) => {
      const path = unknownPath(operation);
      const { needed, fresh, isOwn, isForClients, isHeld } = operation;
      const cell = (who: string, expected: Cell['expected'], token?: string): Cell => ({
        operation,
        who,
        expected,
        path,
        options: token === undefined ? {} : { token },
      });
      const isOpen = needed.length === 0;
      const list = [
        cell('nobody', isForClients ? '401' : isHeld ? '404' : isOpen ? 'let in' : '401'),
        ...Object.entries(nobodies).map(([who, token]) =>
          cell(who, operation.isDeaf ? 'let in' : '401', token),
        ),
        ...Object.entries(people).map(([who, person]) => {
          const { permissions, token } = person;
          const may =
            permissions === 'all' || needed.every((one) => isOwnThing(one) || permissions.includes(one));
          return cell(who, !may ? '403' : fresh && !person.fresh ? '401' : 'let in', token);
        }),
      ];
      const other = machines.find(({ scopes }) => !needed.some((one) => scopes.includes(one)))?.scopes;
      for (const { who, token, scopes } of machines) {
        const exact = scopes.join() === needed.join();
        if (!exact && scopes !== other) continue;
        const name = exact ? who : `${who} for something else`;
        // No key is a person: for what people do with their own things it is no way in at all.
        if (isOwn) list.push(cell(name, '401', token));
        else list.push(cell(name, isOpen || (exact && !fresh) ? 'let in' : '403', token));
      }
      return list;
    });

  const ask = async (cell: Cell, tries = 5): Promise<Answer> => {
    const { operation, path, options } = cell;
    const { method, example, isHeld } = operation;
    const answer = await app.send(method, path, example, {
      ...options,
      ...(isHeld && !options.token && { cartToken: randomBytes(32).toString('base64url') }),
      key: randomUUID(),
    });
    // A busy machine says nothing about who may do what.
    return answer.status === 503 && tries > 1 ? ask(cell, tries - 1) : answer;
  };

  /** What is wrong with the answer, or null. */
  const judge = ({ operation, expected, who }: Cell, { status, body }: Answer): string | null => {
    const code = String(body?.code);
    if (status >= 500) return `${status} ${code}`;
    if (expected === '401' && operation.isForClients && who === 'nobody') return status === 401 ? null : code;
    const refused = (status === 401 || status === 403) && OF_THE_DOOR.includes(code);
    if (expected === 'let in') return refused ? `${status} ${code}` : null;
    if (expected === '404') return status === 404 ? null : `${status} ${code}`;
    return refused && String(status) === expected ? null : `${status} ${code}`;
  };

  const inLanes = async <T>(items: T[], width: number, work: (item: T) => Promise<void>) => {
    const waiting = [...items];
    const lane = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await work(next);
    };
    await Promise.all(Array.from({ length: width }, lane));
  };

  it('says every operation', () => {
    expect(operations.filter(({ permissions }) => permissions === undefined).map(({ id }) => id)).toEqual([]);
    expect(Object.keys(OWN_CHECK).filter((id) => !operations.some((one) => one.id === id))).toEqual([]);
  });

  it('is what the documents say, in every cell', async () => {
    const all = cells().filter(
      ({ operation, options }) => !(operation.id in OWN_CHECK && options.token) && !operation.isForClients,
    );
    const clients = cells().filter(({ operation, expected }) => operation.isForClients && expected === '401');
    const wrong: string[] = [];
    const look = async (cell: Cell) => {
      const { operation, who, expected } = cell;
      const fault = await ask(cell).then(
        (answer) => judge(cell, answer),
        (error: Error) => error.message,
      );
      if (fault !== null) wrong.push(`${operation.id} for ${who}: ${fault} instead of ${expected}`);
    };
    const counted = [...all, ...clients];
    const isLast = ({ operation, expected }: Cell) => operation.isSolitary && expected === 'let in';
    await inLanes(
      counted.filter((cell) => !isLast(cell)),
      24,
      look,
    );
    const foreign = await strangers(wrong);
    // What may end whoever does it, or the tokens of everybody, comes last: GET before it says whether somebody is left.
    const alive = async ({ options }: Cell) => (await app.get('/v1/me', options)).status === 200;
    const unseen: string[] = [];
    const endsMost = ({ operation: { method, path } }: Cell) =>
      method === 'DELETE' ? 1_000 - path.length : 0;
    const last = counted.filter(isLast).sort((a, b) => endsMost(a) - endsMost(b));
    for (const cell of last) {
      const isPerson = cell.who in people;
      if (isPerson && !(await alive(cell))) unseen.push(`${cell.operation.id} for ${cell.who}`);
      else await look(cell);
    }
    const tally = (expected: string) => counted.filter((cell) => cell.expected === expected).length;
    console.log(
      `${operations.length} operations, ${counted.length} cells (${tally('let in')} let in, ${tally('401')} × 401, ${tally('403')} × 403), ` +
        `${foreign} with things of somebody else: ${wrong.length} wrong`,
    );
    expect({ wrong, unseen }).toEqual({ wrong: [], unseen: [] });
  }, 300_000);

  /** Everybody asks for the customer's things, and gets what one gets who asks for nothing that there is. */
  const strangers = async (wrong: string[]): Promise<number> => {
    const told = ({ status, body }: Answer) => {
      const { requestId: _id, instance: _at, ...rest } = (body ?? {}) as Record<string, unknown>;
      return JSON.stringify([status, rest]);
    };
    const foreign = operations.filter(({ isAboutOwnThing }) => isAboutOwnThing);
    const bare = foreign.filter((operation) => realPath(operation) === null).map(({ id }) => id);
    // The customer is linked to no provider.
    expect(bare.filter((id) => !/Provider$/.test(id))).toEqual([]);
    const asked = foreign.flatMap((operation) =>
      [...Object.entries(people), ['nobody', {}] as const]
        .filter(([who]) => who !== 'customer' && !(operation.isOwn && who === 'nobody'))
        .filter(([, person]) => !operation.fresh || !('fresh' in person) || person.fresh)
        .filter(([, person]) => !('permissions' in person && opensFor(operation, person.permissions)))
        .map(([who, person]) => ({
          operation,
          who,
          expected: '404' as const,
          options: 'token' in person ? { token: person.token } : {},
        })),
    );
    let count = 0;
    await inLanes(asked, 24, async (cell) => {
      const path = realPath(cell.operation);
      if (path === null) return;
      count++;
      const [real, never] = [
        await ask({ ...cell, path }),
        await ask({ ...cell, path: unknownPath(cell.operation) }),
      ];
      if (real.status !== 404 || told(real) !== told(never))
        wrong.push(`${cell.operation.id} of somebody else for ${cell.who}: ${told(real)}, ${told(never)}`);
    });
    // The customer's own things are there all the same, for staff too where the document says so.
    for (const operation of foreign.filter(({ method }) => method === 'GET')) {
      const path = realPath(operation);
      if (path === null) continue;
      for (const [who, { token, permissions }] of Object.entries(people)) {
        if (who !== 'customer' && !opensFor(operation, permissions)) continue;
        const open = await app.get(path, { token });
        if (open.status !== 200) wrong.push(`${operation.id} for ${who}: ${open.text}`);
      }
    }
    return count;
  };
});
