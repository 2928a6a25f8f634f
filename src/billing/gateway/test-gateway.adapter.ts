import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'undici';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { GatewayAccountRepository } from './gateway-account.repository.js';
import {
  type AuthorizeInput,
  BadSignature,
  type CaptureInput,
  type CustomerOutcome,
  type DetachOutcome,
  type FollowUpInput,
  type GatewayNotice,
  type GatewayOutcome,
  type GatewaySnapshot,
  type NoticePage,
  PaymentGateway,
  type SettlementLine,
  type SetupOutcome,
} from './payment-gateway.port.js';
import { type ChargeBody, chargeSnapshot, outcomeOf } from './test-gateway.answers.js';

const SIGNATURE_TOLERANCE_SECONDS = 300;
const EVENTS_AT_ONCE = 200;
/** Errors of a connection that was never made: nothing was sent, so nothing was done. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const NOT_YET = { kind: 'errored', code: 'not_supported', retryable: false } as const;

interface EventBody {
  id: string;
  sequence: number;
  type: string;
  createdAt: string;
  data: {
    ref: string;
    operationId: string;
    version: number;
    status: string;
    amount: number;
    currency: string;
  };
}

interface Answer {
  status: number;
  body: unknown;
}

/** The test gateway, over HTTP on connections that are kept, each call with a deadline. */
@Injectable()
export class TestGateway extends PaymentGateway implements OnApplicationShutdown {
  readonly code = 'test';
  private readonly log = new Logger('billing');
  private pool: Pool | null = null;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly accounts: GatewayAccountRepository,
  ) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.destroy();
  }

  get isConfigured(): boolean {
    return this.config.testGatewayUrl !== null;
  }

  /** Takes whatever there is. */
  assertRepresentable(): void {}

  authorize({ operationId, amount, source, capture, returnUrl }: AuthorizeInput): Promise<GatewayOutcome> {
    if (!('token' in source)) return Promise.resolve(NOT_YET);
    const { token } = source;
    return this.write('/v1/charges', { operationId, ...amount.toJSON(), token, capture, returnUrl });
  }

  createCustomer(): Promise<CustomerOutcome> {
    return Promise.resolve(NOT_YET);
  }

  setupMethod(): Promise<SetupOutcome> {
    return Promise.resolve(NOT_YET);
  }

  retrieveSetup(): Promise<SetupOutcome | null> {
    return Promise.resolve(null);
  }

  detachMethod(): Promise<DetachOutcome> {
    return Promise.resolve(NOT_YET);
  }

  async *settlementLines(): AsyncIterable<SettlementLine> {}

  async moveClock(): Promise<void> {}

  capture({ operationId, ref, amount }: CaptureInput): Promise<GatewayOutcome> {
    return this.write(`/v1/charges/${ref}/captures`, { operationId, ...amount.toJSON() });
  }

  void({ operationId, ref }: FollowUpInput): Promise<GatewayOutcome> {
    return this.write(`/v1/charges/${ref}/voids`, { operationId });
  }

  refund({ operationId, ref, amount }: FollowUpInput): Promise<GatewayOutcome> {
    return this.write(`/v1/charges/${ref}/refunds`, { operationId, ...amount.toJSON() });
  }

  retrieve(ref: string): Promise<GatewaySnapshot | null> {
    return this.read(`/v1/charges/${encodeURIComponent(ref)}`);
  }

  findByOperation(operationId: string): Promise<GatewaySnapshot | null> {
    return this.read(`/v1/operations/${operationId}`);
  }

  async parseNotice(raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<GatewayNotice> {
    const [, t, v1] = /^t=(\d{1,12}),v1=([\da-f]{64})$/.exec(String(headers['gateway-signature'])) ?? [];
    if (t === undefined || v1 === undefined) throw new BadSignature('no signature');
    const expected = createHmac('sha256', await this.webhookSecret())
      .update(`${t}.`)
      .update(raw)
      .digest();
    if (!timingSafeEqual(expected, Buffer.from(v1, 'hex'))) throw new BadSignature('another signature');
    if (Math.abs(realNow().getTime() / 1000 - Number(t)) > SIGNATURE_TOLERANCE_SECONDS)
      throw new BadSignature('too old');
    const body = JSON.parse(raw.toString('utf8')) as EventBody;
    if (!isEvent(body)) throw new BadSignature('signed, but not a notice');
    return noticeOf(body);
  }

  async noticesAfter(position: string): Promise<NoticePage> {
    this.refuseInTransaction();
    const { status, body } = await this.call('GET', `/v1/events?after=${position}&limit=${EVENTS_AT_ONCE}`);
    if (status !== 200) throw new Error(`the gateway answered ${status} to the list of events`);
    const notices = (body as { events: EventBody[] }).events.map(noticeOf);
    return { notices, position: notices.at(-1)?.position ?? position };
  }

  async announce(webhookUrl: string): Promise<void> {
    await this.call('POST', '/webhook-endpoint', { url: webhookUrl, secret: await this.webhookSecret() });
  }

  private async write(
    path: string,
    body: { operationId: string } & Record<string, unknown>,
  ): Promise<GatewayOutcome> {
    this.refuseInTransaction();
    let answer: Answer;
    try {
      answer = await this.call('POST', path, body, body.operationId);
    } catch (error) {
      const code = codeOf(error);
      return NOT_SENT.has(code)
        ? { kind: 'errored', code: 'gateway_unreachable', retryable: true }
        : { kind: 'unknown', cause: code };
    }
    const { status } = answer;
    if (status === 200 || status === 402) {
      const outcome = outcomeOf(answer.body as ChargeBody, body.operationId);
      if (outcome) return outcome;
    }
    const code = (answer.body as { error?: { code?: string } } | null)?.error?.code ?? `http_${status}`;
    if (code === 'key_reused') this.log.error(`operation ${body.operationId} was sent with other parameters`);
    if (status >= 500 || code === 'key_in_flight' || code === 'key_reused')
      return { kind: 'unknown', cause: code };
    return { kind: 'errored', code, retryable: status === 429 };
  }

  private async read(path: string): Promise<GatewaySnapshot | null> {
    this.refuseInTransaction();
    const { status, body } = await this.call('GET', path);
    if (status === 404) return null;
    if (status !== 200) throw new Error(`the gateway answered ${status}`);
    return chargeSnapshot(body as ChargeBody);
  }

  private async call(method: 'GET' | 'POST', path: string, body?: object, key?: string): Promise<Answer> {
    if (this.database.inTransaction)
      throw new Error('a gateway was about to be called with a transaction open');
    const account = await this.accounts.accountAt(this.code);
    const answer = await this.connections().request({
      method,
      path,
      headers: {
        authorization: `Bearer ${account}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(this.config.gatewayTimeoutMs),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : null };
  }

  private refuseInTransaction(): void {
    if (this.database.inTransaction)
      throw new Error('a gateway was about to be called with a transaction open');
  }

  private connections(): Pool {
    if (this.config.testGatewayUrl === null) {
      throw Object.assign(new Error('TEST_GATEWAY_URL is not set'), { code: 'ENOTFOUND' });
    }
    this.pool ??= new Pool(this.config.testGatewayUrl, { connections: 64, keepAliveTimeout: 60_000 });
    return this.pool;
  }

  private async webhookSecret(): Promise<string> {
    const account = await this.accounts.accountAt(this.code);
    return createHmac('sha256', this.config.key('gateway-webhooks')).update(account).digest('hex');
  }
}

function isEvent({ id, type, createdAt, data }: Partial<EventBody>): boolean {
  return (
    [id, type, createdAt, data?.ref, data?.operationId].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(data?.version) &&
    !Number.isNaN(Date.parse(String(createdAt)))
  );
}

function noticeOf({ id, sequence, type, createdAt, data }: EventBody): GatewayNotice {
  const said = [type, data.ref, data.operationId, data.version, data.status, data.amount, data.currency];
  return {
    eventId: id,
    type,
    ref: data.ref,
    operationId: data.operationId,
    version: data.version,
    createdAt: new Date(createdAt),
    position: String(sequence),
    digest: createHash('sha256').update(JSON.stringify(said)).digest('hex'),
  };
}

function codeOf(error: unknown): string {
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } };
  return code && typeof code === 'string'
    ? code
    : (cause?.code ?? (name === 'TimeoutError' ? 'timeout' : 'no_answer'));
}
