import { Logger } from '@nestjs/common';
import { Pool } from 'undici';
import type { Config } from '../../platform/config.js';
import { meaningOf } from './declines.js';
import type { Declined, Errored, Unknown } from './payment-gateway.port.js';

/** Errors of a connection that was never made: nothing was sent, so nothing was done. */
export const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Speaks HTTP with the test gateway on connections that are kept, each call with a deadline. */
export class TestGatewayClient {
  private readonly log = new Logger('billing');
  private pool: Pool | null = null;

  constructor(
    private readonly config: Config,
    private readonly account: () => Promise<string>,
  ) {}

  async close(): Promise<void> {
    await this.pool?.destroy();
  }

  /** A write under the key of its operation; `read` finds the outcome in what was answered. */
  async write<T>(
    path: string,
    body: { operationId: string } & Record<string, unknown>,
    read: (body: object) => T | null,
  ): Promise<T | Declined | Errored | Unknown> {
    let answer: Answer;
    try {
      answer = await this.call('POST', path, body, body.operationId);
    } catch (error) {
      return failed(error);
    }
    const { status } = answer;
    const code = (answer.body as { error?: { code?: string } } | null)?.error?.code;
    if ((status === 200 || status === 402) && code === undefined) {
      const outcome = read(answer.body as object);
      if (outcome) return outcome;
    }
    if (status === 402 && code !== undefined)
      return { kind: 'declined', ref: null, version: 0, code, ...meaningOf(code) };
    if (code === 'key_reused') this.log.error(`operation ${body.operationId} was sent with other parameters`);
    if (status >= 500 || code === 'key_in_flight' || code === 'key_reused')
      return { kind: 'unknown', cause: code ?? `http_${status}` };
    return { kind: 'errored', code: code ?? `http_${status}`, retryable: status === 429 };
  }

  /** What stands at a path; null when there is nothing. Throws when the gateway cannot be asked. */
  async read<T>(path: string): Promise<T | null> {
    const { status, body } = await this.call('GET', path);
    if (status === 404) return null;
    if (status !== 200) throw new Error(`the gateway answered ${status} to ${path}`);
    return body as T;
  }

  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object, key?: string): Promise<Answer> {
    const answer = await this.connections().request({
      method,
      path,
      headers: {
        authorization: `Bearer ${await this.account()}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(this.config.gatewayTimeoutMs),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : null };
  }

  private connections(): Pool {
    if (this.config.testGatewayUrl === null) {
      throw Object.assign(new Error('TEST_GATEWAY_URL is not set'), { code: 'ENOTFOUND' });
    }
    this.pool ??= new Pool(this.config.testGatewayUrl, { connections: 64, keepAliveTimeout: 60_000 });
    return this.pool;
  }
}

/** What an error of the connection means: certainly not done, or nobody knows. */
export function failed(error: unknown): Errored | Unknown {
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } };
  const known =
    code && typeof code === 'string'
      ? code
      : (cause?.code ?? (name === 'TimeoutError' ? 'timeout' : 'no_answer'));
  return NOT_SENT.has(known)
    ? { kind: 'errored', code: 'gateway_unreachable', retryable: true }
    : { kind: 'unknown', cause: known };
}
