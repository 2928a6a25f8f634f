import { readFile, writeFile } from 'node:fs/promises';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Database } from '../src/platform/database/database.js';
import { problemRegistry } from '../src/platform/http/problem.js';
import { startApp, type TestApp } from './support/app.js';
import { Contract } from './support/contract.js';

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string }[];
  tags?: string[];
  requestBody?: { content: Record<string, { example?: unknown }> };
  responses: Record<string, { content?: Record<string, { example?: object }> }>;
  'x-permissions'?: string[];
  'x-ignores-authorization'?: boolean;
  'x-fresh-sign-in'?: boolean;
}

const FILES = { store: 'openapi.json', staff: 'openapi.admin.json' } as const;

/** What takes money of any size, and why no more of it is booked than an order or an invoice may come to. */
const WITHIN_WHAT_IS_BOOKED: Readonly<Record<string, string>> = {
  CheckoutDto: 'compared with the total; store credit pays no more than there is of it, and of the order',
  PayOrderDto: 'as the checkout',
  PayByLinkDto: 'as the checkout',
  PlaceDraftOrderDto: 'compared with the total',
  ConfirmChangeDto: 'compared with the difference',
  CapturePaymentDto: 'no more than is held',
  CreateRefundDto: 'no more than was captured',
  CreateCreditNoteDto: 'no more than was invoiced',
  CreditLineInput: 'no more than was invoiced',
  CreateCouponDto: 'no more is taken off than is charged',
  SimulateDunningDto: 'nothing is booked',
  ConditionsDto: 'nothing is booked',
};

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app?.close());

describe.each(['store', 'staff'] as const)('the OpenAPI document for the %s', (kind) => {
  let text: string;
  let document: {
    openapi: string;
    tags: { name: string; description?: string }[];
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties?: object; additionalProperties?: unknown }> };
  };

  beforeAll(async () => {
    const answer = await app.get(`/${FILES[kind]}`);
    text = answer.text;
    document = answer.body;
  });

  const operations = () => Object.values(document.paths).flatMap((item) => Object.values(item));

  it('is 3.1 and the one that is committed', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    if (process.env.UPDATE_OPENAPI) await writeFile(FILES[kind], text);
    // When this fails on purpose: UPDATE_OPENAPI=1 npm test -- openapi
    expect(text).toBe(await readFile(FILES[kind], 'utf8'));
  });

  it('has no fault that Redocly finds', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: text, absoluteRef: `/${FILES[kind]}`, config });
    expect(
      problems
        .filter(({ severity }) => severity === 'error')
        .map(({ message, location }) => `${location[0]?.pointer}: ${message}`),
    ).toEqual([]);
  });

  it('has no reference that leads nowhere', () => {
    const look = (pointer: string) =>
      pointer
        .slice(2)
        .split('/')
        .reduce<unknown>(
          (node, part) =>
            (node as Record<string, unknown> | undefined)?.[part.replace(/~1/g, '/').replace(/~0/g, '~')],
          document,
        );
    const references = [...text.matchAll(/"\$ref": "(#[^"]+)"/g)].map(([, pointer = '']) => pointer);
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((pointer) => look(pointer) === undefined)).toEqual([]);
  });

  it('says that a request takes no unknown property', () => {
    const { schemas } = document.components;
    const open = new Set<string>();
    const look = (node: unknown, seen: Set<string>): void => {
      for (const [, name = ''] of JSON.stringify(node ?? null).matchAll(/schemas\/(\w+)/g)) {
        if (seen.has(name)) continue;
        seen.add(name);
        const schema = schemas[name];
        if (schema?.properties && schema.additionalProperties === undefined) open.add(name);
        look(schema, seen);
      }
    };
    for (const { requestBody } of operations()) look(requestBody, new Set());
    expect([...open]).toEqual([]);
  });

  it('takes no negative money, and says how long a new password must be', () => {
    const { schemas } = document.components;
    const bounds = (name: string, property: string) =>
      (schemas[name]?.properties as Record<string, object> | undefined)?.[property];
    expect(bounds('MoneyDto', 'amount')).toMatchObject({ minimum: 0 });
    if (kind === 'store')
      expect(bounds('RegisterDto', 'password')).toMatchObject({ minLength: 15, maxLength: 128 });
  });

  it('takes money only within what the books can hold, or within what was booked before', () => {
    const { schemas } = document.components;
    const unbounded = new Set<string>();
    const look = (name: string, node: unknown, seen: Set<string>): void => {
      for (const [, next = ''] of JSON.stringify(node ?? null).matchAll(/schemas\/(\w+)/g)) {
        if (next === 'MoneyDto' || next === 'SignedMoneyDto') unbounded.add(name);
        if (seen.has(next)) continue;
        seen.add(next);
        look(next, schemas[next], seen);
      }
    };
    for (const { operationId, requestBody } of operations()) look(operationId, requestBody, new Set());
    expect([...unbounded].filter((name) => !(name in WITHIN_WHAT_IS_BOOKED))).toEqual([]);
  });

  it('names, explains and guards every operation', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const poor = operations().filter(
      ({ operationId, summary, tags, responses, ...rest }) =>
        !/^[a-z]+([A-Z]\w*)?$/.test(operationId) ||
        !summary ||
        tags?.length !== 1 ||
        !rest['x-permissions'] ||
        !responses['400'],
    );
    expect(poor.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('says of every operation and every tag more than its name', () => {
    const silent = operations().filter(({ summary = '', description = '' }) => {
      const words = description.split(/\s+/).filter((word) => word !== '');
      return words.length < 5 || description.trim() === summary.trim();
    });
    expect(silent.map(({ operationId }) => operationId)).toEqual([]);
    const used = operations().flatMap(({ tags = [] }) => tags);
    expect(document.tags.map(({ name }) => name)).toEqual([...new Set(used)].sort());
    const poor = document.tags.filter(
      ({ name, description = '' }) => !/^[A-Z][a-z -]+$/.test(name) || description.split(' ').length < 5,
    );
    expect(poor).toEqual([]);
  });

  it('shows answers that fit what it says of them', () => {
    const contract = new Contract();
    const faults: string[] = [];
    const shown = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content }]) => {
          const body = content?.['application/json']?.example;
          return body && status < '300' ? [{ method, path, status: Number(status), body }] : [];
        }),
      ),
    );
    expect(shown.length).toBeGreaterThan(15);
    for (const { method, path, status, body } of shown)
      faults.push(...contract.faults(method.toUpperCase(), path, { status, body }));
    // When an answer has changed: UPDATE_OPENAPI=1 npm test -- replay, and then openapi.
    expect(faults).toEqual([]);
  });

  it('says who may ask, and refuses a sign-in that is none everywhere', async () => {
    const odd: string[] = [];
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const { operationId, security, responses, 'x-permissions': permissions = [] } = operation;
        const ways = security.map((way) => Object.keys(way).join('+')).join(' or ');
        const own = permissions.some((permission) => permission.startsWith('account:'));
        const forAll = [
          '',
          ' or bearer',
          'cartToken or bearer',
          'client or ',
          'client or bearer or apiKey or ',
        ];
        // Programs may do what is not about a person and asks for no fresh proof.
        const granted =
          own || operation['x-fresh-sign-in'] ? 'bearer' : 'bearer or apiKey or clientCredentials';
        const known = permissions.length > 0 ? [granted] : forAll;
        if (!known.includes(ways) || !responses['401']) odd.push(`${operationId}: ${ways}`);
        const url = path.replace(/\{\w+\}/g, '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e');
        // The client holds the answer against the document.
        const refused = await app.send(method.toUpperCase(), url, undefined, { token: 'nobody' });
        const isRefused = refused.body?.code === 'platform.unauthorized';
        if (isRefused === (operation['x-ignores-authorization'] ?? false))
          odd.push(`${operationId}: ${refused.text}`);
        if (ways === 'cartToken or bearer') {
          const key = crypto.randomUUID();
          const body = operation.requestBody?.content['application/json']?.example;
          const shut = await app.send(method.toUpperCase(), url, body, { cartToken: 'of another cart', key });
          if (shut.status !== 404) odd.push(`${operationId} opens for anybody: ${shut.text}`);
        }
      }
    }
    expect(odd).toEqual([]);
  });
});

describe('the reference', () => {
  it('is a page of our own that loads nothing from elsewhere', async () => {
    const page = await app.get('/docs');
    expect(page.status).toBe(200);
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(loaded.length).toBeGreaterThan(2);
    expect(loaded.filter((url) => /^(https?:)?\/\//.test(url))).toEqual([]);
    const script = loaded.find((url) => url.endsWith('swagger-ui-bundle.js')) ?? '';
    expect((await app.get(new URL(script, `${app.url}/docs`).pathname)).status).toBe(200);
  });

  it('names every role and what it may do', async () => {
    const { paths } = (await app.get('/openapi.admin.json')).body;
    const text: string = paths['/v1/admin/staff'].post.description;
    const roles = await app.app
      .get(Database)
      .query<{ code: string; permissions: string[] }>('SELECT code, permissions FROM identity.roles');
    expect(roles.length).toBeGreaterThan(3);
    for (const { code, permissions } of roles) {
      const line = text.split('\n').find((each) => each.startsWith(`- \`${code}\``)) ?? `no line of ${code}`;
      const named = [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name).slice(1);
      expect([code, ...named.sort()]).toEqual([code, ...permissions.sort()]);
    }
  });

  it('is found from the root', async () => {
    const { status, body } = await app.get('/');
    expect(status).toBe(200);
    const { name, ...links } = body;
    expect(name).toBe('Guildhall');
    for (const link of Object.values(links).flat() as string[])
      expect([link, (await app.get(link)).status]).toEqual([link, 200]);
  });

  it('lists every problem, for people and for programs', async () => {
    const { items } = (await app.get('/problems')).body;
    expect(items).toEqual([...items].sort((a, b) => (a.code < b.code ? -1 : 1)));
    expect(items.length).toBe(problemRegistry.size);
    const html = await app.get('/problems', { headers: { accept: 'text/html' } });
    for (const { url } of items) expect(html.text).toContain(`href="${url}"`);
  });

  it('has a page for every problem', async () => {
    const answer = await app.get('/problems/catalog.out_of_stock');
    expect(answer.body).toMatchObject({ code: 'catalog.out_of_stock', status: 409 });
    const html = await app.get('/problems/catalog.out_of_stock', { headers: { accept: 'text/html' } });
    expect(html.text).toContain('Not enough stock');
    expect((await app.get('/problems/nothing')).status).toBe(404);
  });
});
