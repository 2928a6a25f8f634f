import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answer } from './client.js';

interface Schema {
  [key: string]: unknown;
}
interface Content {
  content?: Record<string, { schema?: Schema; examples?: Record<string, { value: object }> }>;
  headers?: Record<string, object>;
}
interface Document {
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, Content> }>>;
  components: { schemas: Record<string, Schema> };
}
interface Route {
  method: string;
  pattern: RegExp;
  schemasOf: string;
  operationId: string;
  responses: Record<string, Content>;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** Headers that clients act upon, and which must stand in the document therefore; those of a draft by their start. */
const TOLD = /^(etag|link|location|idempotency-replayed|retry-after|www-authenticate|ratelimit.*)$/;

/** One value, and not a line for each (`application/x-ndjson`). */
export const isJson = (type: string | null | undefined): boolean => /\bjson\b/.test(type ?? '');

/** Holds answers against the committed documents: status, headers, code of a problem and its members, and the body. */
export class Contract {
  private readonly routes: Route[] = [];
  private readonly compiled = new Map<string, ValidateFunction>();
  // The schemas themselves are judged by the test of the documents.
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });

  constructor() {
    addFormats.default(this.ajv);
    for (const file of ['openapi.json', 'openapi.admin.json']) {
      const document = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Document;
      // Together, so that each is compiled once and not for every answer that has it.
      this.ajv.addSchema({ $id: file, components: { schemas: closedAll(document.components.schemas) } });
      for (const [path, item] of Object.entries(document.paths)) {
        for (const [method, { operationId, responses }] of Object.entries(item)) {
          this.routes.push({
            method: method.toUpperCase(),
            pattern: patternOf(path),
            schemasOf: file,
            operationId,
            responses,
          });
        }
      }
    }
    // A fixed segment is meant before a parameter, as in the router.
    this.routes.sort((a, b) => weight(a.pattern) - weight(b.pattern));
  }

  /** Faults of one answer; empty for a path that no document has. */
  faults(
    method: string,
    path: string,
    { status, body, headers }: Pick<Answer, 'status' | 'body'> & { headers?: Answer['headers'] },
  ): string[] {
    const pathname = path.split('?', 1)[0] ?? '';
    const route = this.routes.find((one) => one.method === method && one.pattern.test(pathname));
    if (!route) return [];
    const name = `${route.operationId} ${status}`;
    const response = route.responses[String(status)];
    if (!response) return status === 304 ? [] : [`${name}: this status is not declared`];
    const told = Object.keys(response.headers ?? {}).map((header) => header.toLowerCase());
    const untold = [...(headers?.keys() ?? [])].filter(
      (header) => TOLD.test(header) && !told.includes(header),
    );
    if (untold.length > 0) return [`${name}: ${untold.join()} is not declared`];
    const [type, media] = Object.entries(response.content ?? {})[0] ?? [];
    if (!isJson(type) || !media?.schema)
      return body === undefined ? [] : [`${name}: a body that is not declared`];
    if (type?.startsWith('application/problem')) {
      const { code, ...members } = body as { code: string };
      const known = media.examples?.[code]?.value;
      if (!known) return [`${name}: the problem ${code} is not declared`];
      const strange = Object.keys(members).filter((member) => member !== 'errors' && !(member in known));
      if (strange.length > 0) return [`${name}: ${code} has the undeclared ${strange.join()}`];
    }
    const validate = this.validatorOf(route.schemasOf, media.schema);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${name}: ${instancePath || '/'} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  private validatorOf(file: string, schema: Schema): ValidateFunction {
    const text = JSON.stringify(closed(schema)).replaceAll('"#/', `"${file}#/`);
    let validate = this.compiled.get(text);
    if (!validate) this.compiled.set(text, (validate = this.ajv.compile(JSON.parse(text) as Schema)));
    return validate;
  }
}

const closedAll = (schemas: Record<string, Schema>): Record<string, Schema> =>
  Object.fromEntries(
    Object.entries(schemas).map(([key, value]) => [
      key,
      // Members of their own are what RFC 9457 lets problems have.
      key === 'Problem' ? value : closed(value),
    ]),
  );

/** An answer may grow, and then its document grows with it: a property that nobody wrote down is a fault here. */
function closed(schema: Schema): Schema {
  if (schema.type !== 'object' || !schema.properties || 'additionalProperties' in schema) return schema;
  return { ...schema, additionalProperties: false };
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);
const weight = (pattern: RegExp): number => pattern.source.split('[^/]+').length;
