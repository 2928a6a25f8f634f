import { createHmac } from 'node:crypto';
import { fetch } from 'undici';
import { GatewayAccountRepository } from '../../src/billing/gateway/gateway-account.repository.js';
import { PaymentGateway } from '../../src/billing/gateway/payment-gateway.port.js';
import type { TestApp } from './app.js';

/** A charge as the gateway itself has it. */
export interface BookedCharge {
  ref: string;
  status: 'requires_action' | 'processing' | 'authorized' | 'captured' | 'declined' | 'voided';
  amount: number;
  currency: string;
  captured: number;
  refunded: number;
  capture: 'automatic' | 'manual';
  disputes: { ref: string; amount: number; fee: number; status: 'open' | 'won' | 'lost' }[];
  operations: {
    operationId: string;
    kind: 'authorize' | 'capture' | 'void' | 'refund';
    status: 'succeeded' | 'failed' | 'pending';
    amount: number;
    code: string | null;
  }[];
}

interface BookedEvent {
  id: string;
  sequence: number;
}

export interface Knobs {
  dup?: number;
  delay?: number;
  shuffle?: number;
  drop?: number;
  oldAfterNew?: boolean;
  outage?: boolean;
  loseAnswers?: boolean;
  forgetKeys?: boolean;
}

const daysPassed = new WeakMap<TestApp, number>();
const realSeconds = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);

/** The shop's account at the test gateway, seen and turned from outside; what it says is read over HTTP, not from the shop. */
export class GatewayBook {
  private constructor(
    private readonly app: TestApp,
    private readonly account: string,
    private readonly secret: string,
  ) {}

  static async of(app: TestApp): Promise<GatewayBook> {
    const account = await app.app.get(GatewayAccountRepository).accountAt('test');
    const secret = createHmac('sha256', app.config.key('gateway-webhooks')).update(account).digest('hex');
    return new GatewayBook(app, account, secret);
  }

  turn(knobs: Knobs): Promise<unknown> {
    return this.send('/knobs', knobs);
  }

  /** The customer's decision on the page of the bank. */
  decide(ref: string, decision: 'approve' | 'deny'): Promise<unknown> {
    return this.send(`/challenge/${ref}`, { decision });
  }

  closeDispute(ref: string, dispute: string, outcome: 'won' | 'lost'): Promise<unknown> {
    return this.send(`/charges/${ref}/disputes/${dispute}`, { outcome });
  }

  /** A day passes at the gateway, and what was due within it happens there. */
  async passDay(): Promise<void> {
    const days = (daysPassed.get(this.app) ?? 0) + 1;
    daysPassed.set(this.app, days);
    await this.app.app.get(PaymentGateway).moveClock(new Date((realSeconds() + days * 86_400) * 1000));
  }

  /** The charge that an operation of the shop made or touched; null: it never arrived. */
  chargeOf(operationId: string): Promise<BookedCharge | null> {
    return this.read<BookedCharge>(`/v1/operations/${operationId}`);
  }

  charge(ref: string): Promise<BookedCharge | null> {
    return this.read<BookedCharge>(`/v1/charges/${ref}`);
  }

  /** What all movements of money come to, by currency. */
  async balance(): Promise<Record<string, number>> {
    return (await this.read<Record<string, number>>('/balance')) ?? {};
  }

  async eventsAfter(sequence: number): Promise<BookedEvent[]> {
    const page = await this.read<{ events: BookedEvent[] }>(`/v1/events?after=${sequence}&limit=1000`);
    return page?.events ?? [];
  }

  /** Tells the shop of an event, signed as the gateway signs; however often and however late it was told before. */
  async tell(event: BookedEvent): Promise<number> {
    const [t, body] = [realSeconds(), JSON.stringify(event)];
    const v1 = createHmac('sha256', this.secret).update(`${t}.${body}`).digest('hex');
    const headers = { 'content-type': 'application/json', 'gateway-signature': `t=${t},v1=${v1}` };
    return (await this.app.post('/v1/gateways/test/webhooks', body, { headers })).status;
  }

  private async send(path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${this.app.config.testGatewayUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.account}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.text();
  }

  private async read<T>(path: string): Promise<T | null> {
    const headers = { authorization: `Bearer ${this.account}` };
    const answer = await fetch(`${this.app.config.testGatewayUrl}${path}`, { headers });
    // While it is away nobody can look into its book.
    if (answer.status === 404 || answer.status === 503) return null;
    if (answer.status !== 200) throw new Error(`the gateway answered ${answer.status} to ${path}`);
    return (await answer.json()) as T;
  }
}
