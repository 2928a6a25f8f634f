import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { CART_TOKEN, isOwnThing } from '../access/access.js';
import { Config } from '../config.js';
import { NEW_PASSWORD } from '../http/fields.js';
import { problemRegistry } from '../http/problem.js';
import { GUIDE, TAGS } from './guide.js';

type Json = Record<string, unknown>;
interface OperationObject extends Json {
  operationId: string;
  tags?: string[];
  parameters?: { name: string; in: string; [key: string]: unknown }[];
  requestBody?: { content: Record<string, Json> };
  responses: Record<string, Json & { content?: Record<string, Json> }>;
  security?: Json[];
  'x-permissions'?: string[];
  'x-problems'?: string[];
  'x-rate-limited'?: boolean;
  'x-clients'?: string[];
  'x-sends'?: { headers: string[]; idempotency: string | null };
  'x-example'?: unknown;
}
interface Document extends Json {
  paths: Record<string, Record<string, OperationObject>>;
  components: {
    schemas: Record<string, Json>;
    securitySchemes: Record<string, Json>;
    responses?: Json;
    headers?: Json;
  };
  tags?: { name: string; description?: string }[];
}

type Schemas = Record<string, Json>;
/** What the operations answered to the examples of the reference, by operation and status. */
type Answers = Readonly<Record<string, Readonly<Record<string, object>>>>;

export interface Documents {
  /** For shops and customers. */
  store: object;
  /** For staff and their machines. */
  admin: object;
}

/** What any operation may answer, beside what it declares: a sign-in that is sent is checked, needed or not. */
const EVERYWHERE = [
  'platform.invalid_input',
  'platform.unauthorized',
  'platform.internal_error',
  'platform.unavailable',
];

/** Both documents, from the code. The same code gives the same bytes. */
export function buildDocuments(app: INestApplication): Documents {
  const config = new DocumentBuilder()
    .setTitle('Guildhall')
    .setDescription(GUIDE)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .setOpenAPIVersion('3.1.0')
    .addServer('/', 'This store')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'Access token of `POST /v1/auth/login`.',
    })
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-Cart-Token',
        description:
          '`token` in the answer of `POST /v1/carts`, told only there. It opens the cart of a guest, its order and its payments.',
      },
      CART_TOKEN,
    )
    .addSecurity('client', {
      type: 'http',
      scheme: 'basic',
      description: 'Id of an API key, and the key itself as the password.',
    })
    .addSecurity('apiKey', {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'sk_live_…',
      description:
        'Key of a program, from `POST /v1/admin/api-keys`: as a bearer token, never in the address.',
    })
    .build();
  const whole = SwaggerModule.createDocument(app, config) as unknown as Document;
  const answers = recordedAnswers();
  for (const [path, item] of Object.entries(whole.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      finishOperation(method, path, operation, whole.components.schemas);
      showAnswers(operation, answers);
    }
  }
  const { minimumPasswordLength } = app.get(Config);
  whole.components.securitySchemes.clientCredentials = clientCredentials(whole);
  for (const schema of Object.values(whole.components.schemas)) finishSchema(schema, minimumPasswordLength);
  closeRequests(whole);
  whole.components.schemas.Problem = PROBLEM_SCHEMA;
  whole.components.responses = problemResponses();
  const isStaff = (path: string) => path.startsWith('/v1/admin');
  const store = part(whole, (path) => !isStaff(path));
  return {
    store,
    admin: { ...part(whole, isStaff), info: { ...(whole.info as Json), title: 'Guildhall for staff' } },
  };
}

/** The served document must not be cached by whoever wrote it: it is what the committed file is compared with. */
export const documentText = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/** What programs ask for when they change their key for a token: every permission that an operation takes from them. */
function clientCredentials({ paths }: Document): Json {
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const scopes = new Map<string, string[]>();
  for (const { operationId, 'x-permissions': permissions = [] } of operations)
    for (const permission of permissions.filter((one) => !isOwnThing(one)))
      scopes.set(permission, [...(scopes.get(permission) ?? []), operationId]);
  return {
    type: 'oauth2',
    description: 'A token of ten minutes for a key of a program.',
    flows: {
      clientCredentials: {
        tokenUrl: '/v1/oauth/token',
        scopes: Object.fromEntries([...scopes].sort().map(([scope, of]) => [scope, of.sort().join(', ')])),
      },
    },
  };
}

/** Written by `UPDATE_OPENAPI=1 npm test -- replay`; read for the document alone, so that a shop does not carry it. */
const recordedAnswers = (): Answers =>
  JSON.parse(readFileSync(new URL('answers.json', import.meta.url), 'utf8')) as Answers;

function showAnswers({ operationId, responses }: OperationObject, answers: Answers): void {
  for (const [status, example] of Object.entries(answers[operationId] ?? {})) {
    const answer = responses[status]?.content?.['application/json'];
    if (answer) answer.example = example;
  }
}

function finishOperation(method: string, path: string, operation: OperationObject, schemas: Schemas): void {
  const permissions = operation['x-permissions'] ?? [];
  // What the class says and the method says again is one.
  operation.security = [
    ...new Map((operation.security ?? []).map((one) => [JSON.stringify(one), one])).values(),
  ];
  const codes = new Set([...(operation['x-problems'] ?? []), ...EVERYWHERE]);
  if (permissions.length > 0) codes.add('platform.forbidden');
  const granted = permissions.some((permission) => !isOwnThing(permission));
  for (const { code, ofPermissions } of problemRegistry.values())
    if (ofPermissions === 'any' ? permissions.length > 0 : ofPermissions === 'granted' && granted)
      codes.add(code);
  // A machine may come to every operation that is not about the person itself, and is counted there; some refuse it then.
  const counted = permissions.length > 0 && !permissions.some(isOwnThing);
  if (counted) codes.add('platform.too_many_requests');
  // They may show what they have in the body as well.
  if (operation['x-clients'])
    operation.security = [...operation['x-clients'].map((scheme) => ({ [scheme]: [] })), {}];
  delete operation['x-clients'];
  if (counted && !operation['x-fresh-sign-in'])
    operation.security.push({ apiKey: [] }, { clientCredentials: permissions });
  if (operation['x-fresh-sign-in']) codes.add('platform.proof_required');
  if (operation['x-fresh-sign-in'] || operation['x-in-person']) codes.add('platform.impersonation_forbidden');
  if (operation.parameters?.some(({ name }) => name === 'cursor')) codes.add('platform.invalid_cursor');
  if (path.includes('{')) codes.add('platform.not_found');
  // A body is read, and refused, before it is known that the operation takes none.
  if (method !== 'get')
    for (const code of ['platform.too_large', 'platform.unsupported_media_type']) codes.add(code);
  delete operation['x-problems'];
  const byStatus = new Map<number, string[]>();
  for (const code of [...codes].sort()) {
    const status = problemRegistry.get(code)?.status;
    if (status === undefined) throw new Error(`${operation.operationId} names the unknown problem ${code}`);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, list] of byStatus) {
    operation.responses[String(status)] = problemResponse(list);
  }
  declareHeaders(operation, byStatus, counted);
  giveExample(operation, schemas);
  // The parameter that a handler reads and the one that its decorator explains are one.
  const names = new Map(
    (operation.parameters ?? []).map((one) => [`${one.in} ${one.name.toLowerCase()}`, one]),
  );
  // The token of a cart is a way in, and stands in `security`.
  names.delete('header x-cart-token');
  if (operation.parameters) operation.parameters = [...names.values()];
  if (codes.has('platform.stale_version')) {
    (operation.parameters ??= []).push({
      name: 'If-Match',
      in: 'header',
      required: false,
      description: 'The `ETag` that you read; 412 when somebody changed it since.',
      schema: { type: 'string' },
    });
  }
  for (const parameter of operation.parameters ?? []) {
    // Nest says nothing about the type of a path parameter without a pipe.
    parameter.schema ??= { type: 'string' };
    if (parameter.in === 'path' && parameter.example === undefined) {
      parameter.example = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
    }
    if (parameter.in === 'query' && isObject(parameter.schema as Json))
      Object.assign(parameter, { style: 'deepObject', explode: true });
  }
}

const HEADERS: Record<string, string> = {
  Allow: 'The methods that the path has.',
  ETag: 'The version of this content, for `If-Match` and `If-None-Match`.',
  'Idempotency-Replayed': '`true` when this is the answer that the key got before.',
  Link: 'The next page, `rel="next"`; not at the end.',
  Location: 'Where to read what was made, or where to go on.',
  RateLimit:
    'What is left for your network or key and the seconds until it starts afresh, such as `"network";r=29;t=900`.',
  'RateLimit-Policy': 'How much in how many seconds, such as `"network";q=30;w=900`.',
  'Retry-After': 'Seconds until another try makes sense.',
  'WWW-Authenticate': 'How to sign in: `Bearer`, and what the proof lacks (RFC 9470).',
  'X-Request-Id': 'Id of the request, in logs and problems too.',
};

/** Which headers come with which status, from what the operation, its pages and its problems say. */
function declareHeaders(operation: OperationObject, problems: Map<number, string[]>, counted: boolean): void {
  const { headers = [], idempotency = null } = operation['x-sends'] ?? {};
  delete operation['x-sends'];
  const limited = operation['x-rate-limited'] === true;
  delete operation['x-rate-limited'];
  for (const [status, answer] of Object.entries(operation.responses)) {
    const codes = problems.get(Number(status));
    const names = ['X-Request-Id'];
    if (codes === undefined) {
      names.push(...headers);
      if (operation.parameters?.some(({ name }) => name === 'cursor')) names.push('Link');
      if (idempotency !== null) names.push('Idempotency-Replayed');
    } else {
      names.push(...codes.flatMap((code) => problemRegistry.get(code)?.headers ?? []));
      if (status === '401') names.push('WWW-Authenticate');
      // A service of several steps keeps its refusals too.
      if (idempotency === 'steps' && codes.some((code) => !code.startsWith('platform.')))
        names.push('Idempotency-Replayed');
    }
    // What is refused before it is counted (400, a bad sign-in) or fails (500) says nothing of limits.
    const attempted = limited && !codes?.every((code) => code === 'platform.unauthorized');
    if (counted || (attempted && /^(2|401|403|429)/.test(status)))
      names.push('RateLimit', 'RateLimit-Policy');
    if (status === '429') names.push('Retry-After');
    answer.headers = Object.fromEntries(
      [...new Set(names)].sort().map((name) => [
        name,
        {
          description: HEADERS[name] ?? name,
          schema: { type: name === 'Retry-After' ? 'integer' : 'string' },
        },
      ]),
    );
  }
}

/** A whole body: what the operation gives, or what the examples of the fields make. */
function giveExample(operation: OperationObject, schemas: Schemas): void {
  const given = operation['x-example'];
  delete operation['x-example'];
  for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
    const example =
      type === 'application/json' || type === 'application/x-www-form-urlencoded'
        ? (given ?? bodyOf((media.schema ?? {}) as Json, schemas))
        : (given as Json | undefined)?.[type];
    if (example !== undefined) media.example = example;
  }
}

/** What the examples of the fields make together; optional fields without one stay out. */
function bodyOf(schema: Json, schemas: Schemas): unknown {
  if (schema.example !== undefined) return schema.example;
  const target = typeof schema.$ref === 'string' ? schema.$ref : undefined;
  if (target !== undefined) return bodyOf(schemas[target.split('/').at(-1) ?? ''] ?? {}, schemas);
  const [choice] = (schema.allOf ?? schema.anyOf ?? []) as Json[];
  if (choice) return bodyOf(choice, schemas);
  if (schema.type === 'array') {
    const item = bodyOf((schema.items ?? {}) as Json, schemas);
    return item === undefined ? undefined : [item];
  }
  if (schema.type === 'object' && schema.properties) {
    const required = new Set((schema.required ?? []) as string[]);
    const entries = Object.entries(schema.properties as Schemas)
      .filter(([name, property]) => required.has(name) || property.example !== undefined)
      .map(([name, property]) => [name, bodyOf(property, schemas)] as const);
    return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
  }
  if (schema.format === 'uuid') return '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
  return Array.isArray(schema.enum) ? (schema.enum as unknown[])[0] : undefined;
}

const isObject = (schema: Json): boolean => schema.type === 'object' || '$ref' in schema || 'allOf' in schema;

/** Unknown properties of a request are refused, so its schemas say so, those inside it too; answers may grow. */
function closeRequests({ paths, components }: Document): void {
  const close = (node: unknown): void => {
    for (const name of schemaNames(node)) {
      const schema = components.schemas[name];
      if (schema?.type !== 'object' || !schema.properties || 'additionalProperties' in schema) continue;
      schema.additionalProperties = false;
      close(schema);
    }
  };
  for (const operation of Object.values(paths).flatMap((item) => Object.values(item))) {
    close(operation.requestBody ?? null);
    close(operation.parameters ?? null);
  }
}

/** Names of the schemas that a part of the document refers to. */
const schemaNames = (node: unknown): string[] =>
  [...JSON.stringify(node).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = '']) => name);

function finishSchema(schema: Json, minimumPasswordLength: number): void {
  for (const property of Object.values((schema.properties ?? {}) as Record<string, Json>)) {
    // How short one may be stands in the settings, which no decorator knows.
    if (property.format === NEW_PASSWORD)
      Object.assign(property, { format: 'password', minLength: minimumPasswordLength });
    // OpenAPI 3.1 knows no `nullable`; a reference that may be null is a choice.
    if (property.nullable === true) {
      delete property.nullable;
      if (Array.isArray(property.allOf)) {
        property.anyOf = [...(property.allOf as Json[]), { type: 'null' }];
        delete property.allOf;
      } else if (typeof property.type === 'string') property.type = [property.type, 'null'];
      if (Array.isArray(property.enum)) property.enum = [...(property.enum as unknown[]), null];
    }
  }
}

function problemResponse(codes: string[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${problemRegistry.get(code)?.meaning ?? ''}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: problemSchema(codes),
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
}

/** The members of every problem, and those that these have beyond them. */
function problemSchema(codes: string[]): Json {
  const problem = { $ref: '#/components/schemas/Problem' };
  const properties = Object.fromEntries(
    codes.flatMap((code) =>
      Object.entries(problemRegistry.get(code)?.members ?? {}).map(([name, { description, schema }]) => [
        name,
        '$ref' in schema ? { allOf: [schema], description } : { ...schema, description },
      ]),
    ),
  );
  if (Object.keys(properties).length === 0) return problem;
  return { allOf: [problem, { type: 'object', properties }] };
}

function exampleOf(code: string): Json {
  const kind = problemRegistry.get(code);
  if (kind === undefined) throw new Error(`there is no problem ${code}`);
  const { status, title, meaning, members = {} } = kind;
  return {
    ...Object.fromEntries(Object.entries(members).map(([name, { example }]) => [name, example])),
    type: `/problems/${code}`,
    title,
    status,
    detail: meaning,
    instance: '/v1/…',
    code,
    requestId: '0af7651916cd43dd8448eb211c80319c',
  };
}

function problemResponses(): Json {
  return Object.fromEntries(
    [...problemRegistry.keys()].sort().map((code) => [code.replace('.', '_'), problemResponse([code])]),
  );
}

const PROBLEM_SCHEMA: Json = {
  type: 'object',
  description: 'What went wrong (RFC 9457), and what to do about it at `type`.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  properties: {
    type: { type: 'string', examples: ['/problems/catalog.out_of_stock'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string', examples: ['catalog.out_of_stock'] },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: {
          pointer: {
            type: 'string',
            description: 'JSON Pointer into the body, or the name of a query parameter.',
          },
          code: { type: 'string' },
          message: { type: 'string' },
        },
      },
    },
  },
};

/** The paths that fit, with only the tags and schemas that they use, all in a fixed order. */
function part(whole: Document, fits: (path: string) => boolean): Document {
  const paths = Object.fromEntries(
    Object.entries(whole.paths)
      .filter(([path]) => fits(path))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const tags = new Set(
    Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ tags: used = [] }) => used)),
  );
  const schemas: Record<string, Json> = {};
  const collect = (node: unknown): void => {
    for (const name of schemaNames(node)) {
      const schema = whole.components.schemas[name];
      if (!schema || name in schemas) continue;
      schemas[name] = schema;
      collect(schema);
    }
  };
  collect(paths);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { responses: _unused, ...components } = whole.components;
  return {
    ...whole,
    tags: [...tags].sort().map((name) => ({ name, description: TAGS[name] })),
    paths,
    components: { ...components, schemas: sorted },
  };
}
