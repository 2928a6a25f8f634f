import { Agent, fetch } from 'undici';
import { canary } from './canary.js';
import { Contract, isJson } from './contract.js';

export interface Answer {
  status: number;
  // A test reads into answers of every shape; the contract test checks the shapes themselves.
  body: ReturnType<typeof JSON.parse>;
  text: string;
  headers: { get(name: string): string | null; getSetCookie(): string[]; keys(): Iterable<string> };
}

export interface Options {
  /** Access token. */
  token?: string;
  /** Idempotency-Key. */
  key?: string;
  cartToken?: string;
  headers?: Record<string, string>;
}

const agent = new Agent({ connections: 128, keepAliveTimeout: 5_000 });

let contract: Contract | undefined;

/** Every answer of every suite is what the documents say, or the test that got it fails. */
function holdAgainstContract(method: string, path: string, answer: Answer): void {
  // While the documents are written anew, the old ones say nothing.
  if (process.env.UPDATE_OPENAPI) return;
  contract ??= new Contract();
  const faults = contract.faults(method, path, answer);
  if (faults.length === 0) return;
  throw new Error(`${method} ${path} is not what the document says:\n${faults.join('\n')}\n${answer.text}`);
}

/** Speaks to the application over HTTP, as a storefront would. */
export class Client {
  constructor(readonly base: string) {}

  get(path: string, options?: Options): Promise<Answer> {
    return this.send('GET', path, undefined, options);
  }

  post(path: string, body?: unknown, options?: Options): Promise<Answer> {
    return this.send('POST', path, body, options);
  }

  patch(path: string, body?: unknown, options?: Options): Promise<Answer> {
    return this.send('PATCH', path, body, options);
  }

  put(path: string, body?: unknown, options?: Options): Promise<Answer> {
    return this.send('PUT', path, body, options);
  }

  delete(path: string, options?: Options): Promise<Answer> {
    return this.send('DELETE', path, undefined, options);
  }

  async send(method: string, path: string, body: unknown, options: Options = {}): Promise<Answer> {
    const { token, key, cartToken, headers } = options;
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const sent = {
      ...(body !== undefined && !raw && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(cartToken !== undefined && { 'x-cart-token': cartToken }),
      ...headers,
    };
    const answer = await fetch(this.base + path, {
      method,
      dispatcher: agent,
      redirect: 'manual',
      headers: sent,
      ...(body !== undefined && { body: raw ? (body as string | Uint8Array) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const type = answer.headers.get('content-type');
    const json = isJson(type);
    const whole: Answer = {
      status: answer.status,
      body: json && text !== '' ? JSON.parse(text) : undefined,
      text,
      headers: answer.headers,
    };
    canary.watch(
      { method, path, headers: sent, body },
      {
        body: whole.body,
        text,
        cookies: answer.headers.getSetCookie(),
        isProblem: type?.startsWith('application/problem') ?? false,
      },
    );
    holdAgainstContract(method, path, whole);
    return whole;
  }
}
