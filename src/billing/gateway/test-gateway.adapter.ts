import { createHash, createHmac } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
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
  type SetupInput,
  type SetupOutcome,
} from './payment-gateway.port.js';
import { verifySignature } from './signature.js';
import {
  type ChargeBody,
  type SetupBody,
  chargeSnapshot,
  outcomeOf,
  setupOutcomeOf,
} from './test-gateway.answers.js';
import { TestGatewayClient, failed } from './test-gateway.client.js';

const EVENTS_AT_ONCE = 200;

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

type SettlementBody = Omit<SettlementLine, 'amount' | 'fee' | 'at'> & {
  amount: number;
  fee: number;
  at: string;
};

/** The test gateway: another process that moves no money and does what a token says. */
@Injectable()
export class TestGateway extends PaymentGateway implements OnApplicationShutdown {
  readonly code = 'test';
  private readonly client: TestGatewayClient;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly accounts: GatewayAccountRepository,
  ) {
    super();
    this.client = new TestGatewayClient(config, () => {
      this.refuseInTransaction();
      return this.accounts.accountAt(this.code);
    });
  }

  get isConfigured(): boolean {
    return this.config.testGatewayUrl !== null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }

  /** Takes whatever there is. */
  assertRepresentable(): void {}

  authorize(input: AuthorizeInput): Promise<GatewayOutcome> {
    const { amount, source, save, ...rest } = input;
    return this.charge('/v1/charges', {
      ...rest,
      ...source,
      ...amount.toJSON(),
      save: save?.customerRef ?? null,
    });
  }

  capture({ operationId, ref, amount, final }: CaptureInput): Promise<GatewayOutcome> {
    return this.charge(`/v1/charges/${ref}/captures`, { operationId, final, ...amount.toJSON() });
  }

  void({ operationId, ref }: FollowUpInput): Promise<GatewayOutcome> {
    return this.charge(`/v1/charges/${ref}/voids`, { operationId });
  }

  refund({ operationId, ref, amount }: FollowUpInput): Promise<GatewayOutcome> {
    return this.charge(`/v1/charges/${ref}/refunds`, { operationId, ...amount.toJSON() });
  }

  async createCustomer(input: { operationId: string; customerId: string }): Promise<CustomerOutcome> {
    this.refuseInTransaction();
    const outcome = await this.client.write('/v1/customers', input, (body) => ({
      kind: 'ok' as const,
      customerRef: (body as { ref: string }).ref,
    }));
    return outcome.kind === 'declined' ? { kind: 'errored', code: outcome.code, retryable: false } : outcome;
  }

  setupMethod(input: SetupInput): Promise<SetupOutcome> {
    this.refuseInTransaction();
    return this.client.write('/v1/setups', { ...input }, (body) => setupOutcomeOf(body as SetupBody));
  }

  async retrieveSetup(ref: string): Promise<SetupOutcome | null> {
    this.refuseInTransaction();
    const setup = await this.client.read<SetupBody>(`/v1/setups/${encodeURIComponent(ref)}`);
    return setup && setupOutcomeOf(setup);
  }

  async detachMethod(methodRef: string): Promise<DetachOutcome> {
    this.refuseInTransaction();
    try {
      const { status } = await this.client.call('DELETE', `/v1/methods/${encodeURIComponent(methodRef)}`);
      return status === 204 || status === 404
        ? { kind: 'ok' }
        : { kind: 'errored', code: `http_${status}`, retryable: true };
    } catch (error) {
      return failed(error);
    }
  }

  retrieve(ref: string): Promise<GatewaySnapshot | null> {
    return this.snapshot(`/v1/charges/${encodeURIComponent(ref)}`);
  }

  findByOperation(operationId: string): Promise<GatewaySnapshot | null> {
    return this.snapshot(`/v1/operations/${operationId}`);
  }

  async parseNotice(raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<GatewayNotice> {
    verifySignature(headers['gateway-signature'], raw, [await this.webhookSecret()]);
    const body = JSON.parse(raw.toString('utf8')) as EventBody;
    if (!isEvent(body)) throw new BadSignature('signed, but not a notice');
    return noticeOf(body);
  }

  async noticesAfter(position: string): Promise<NoticePage> {
    this.refuseInTransaction();
    const page = await this.client.read<{ events: EventBody[] }>(
      `/v1/events?after=${position}&limit=${EVENTS_AT_ONCE}`,
    );
    const notices = (page?.events ?? []).map(noticeOf);
    return { notices, position: notices.at(-1)?.position ?? position };
  }

  async *settlementLines(from: Date, to: Date): AsyncIterable<SettlementLine> {
    this.refuseInTransaction();
    const span = `from=${from.toISOString()}&to=${to.toISOString()}`;
    const page = await this.client.read<{ lines: SettlementBody[] }>(`/v1/settlement?${span}`);
    for (const line of page?.lines ?? [])
      yield {
        ...line,
        amount: BigInt(line.amount),
        fee: BigInt(line.fee),
        told: null,
        at: new Date(line.at),
      };
  }

  async announce(webhookUrl: string): Promise<void> {
    await this.client.call('POST', '/webhook-endpoint', {
      url: webhookUrl,
      secret: await this.webhookSecret(),
    });
  }

  async moveClock(to: Date): Promise<void> {
    this.refuseInTransaction();
    const { status } = await this.client.call('POST', '/clock', { to: to.toISOString() });
    if (status !== 200) throw new Error(`the test gateway answered ${status} when its clock was moved`);
  }

  private charge(
    path: string,
    body: { operationId: string } & Record<string, unknown>,
  ): Promise<GatewayOutcome> {
    this.refuseInTransaction();
    return this.client.write(path, body, (charge) => outcomeOf(charge as ChargeBody, body.operationId));
  }

  private async snapshot(path: string): Promise<GatewaySnapshot | null> {
    this.refuseInTransaction();
    const charge = await this.client.read<ChargeBody>(path);
    return charge && chargeSnapshot(charge);
  }

  private refuseInTransaction(): void {
    if (this.database.inTransaction)
      throw new Error('a gateway was about to be called with a transaction open');
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
