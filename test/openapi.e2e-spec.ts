import { readFile, writeFile } from 'node:fs/promises';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { startApp, type TestApp } from './support/app.js';

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  requestBody?: object;
  responses: Record<string, unknown>;
  'x-permissions'?: string[];
}

const FILES = { store: 'openapi.json', staff: 'openapi.admin.json' } as const;

describe.each(['store', 'staff'] as const)('the OpenAPI document for the %s', (kind) => {
  let app: TestApp;
  let text: string;
  let document: {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties?: object; additionalProperties?: unknown }> };
  };

  beforeAll(async () => {
    app = await startApp();
    const answer = await app.get(`/${FILES[kind]}`);
    text = answer.text;
    document = answer.body;
  });
  afterAll(() => app?.close());

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
});

describe('the reference', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app?.close());

  it('is a page of our own that loads nothing from elsewhere', async () => {
    const page = await app.get('/docs');
    expect(page.status).toBe(200);
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(loaded.length).toBeGreaterThan(2);
    expect(loaded.filter((url) => /^(https?:)?\/\//.test(url))).toEqual([]);
    const script = loaded.find((url) => url.endsWith('swagger-ui-bundle.js')) ?? '';
    expect((await app.get(new URL(script, `${app.url}/docs`).pathname)).status).toBe(200);
  });

  it('has a page for every problem', async () => {
    const answer = await app.get('/problems/catalog.out_of_stock');
    expect(answer.body).toMatchObject({ code: 'catalog.out_of_stock', status: 409 });
    const html = await app.get('/problems/catalog.out_of_stock', { headers: { accept: 'text/html' } });
    expect(html.text).toContain('Not enough stock');
    expect((await app.get('/problems/nothing')).status).toBe(404);
  });
});
