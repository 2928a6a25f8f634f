import { randomBytes } from 'node:crypto';
import type {
  Charge,
  ChargeOperation,
  Customer,
  Endpoint,
  GatewayEvent,
  Journal,
  KeptAnswer,
  Line,
  Method,
  OperationKind,
  Setup,
} from './test-gateway.journal.js';

/** Real time of this process: the gateway is the outside world and knows nothing of the shop's clock. */
export const gatewayNow = (): number => performance.timeOrigin + performance.now();

export const newRef = (prefix: string): string => `${prefix}_${randomBytes(16).toString('hex')}`;

interface Change {
  readonly what: string;
  readonly charge: Charge;
  readonly operation: ChargeOperation;
  readonly moved?: number;
  readonly answer?: KeptAnswer;
  /** A method that is kept by the same change. */
  readonly method?: Method | null;
  /** When it happened, where that was not just now: what fell due while the clock was moved. */
  readonly at?: number;
}

/** What a line says in short: enough for a check from outside, without every charge as it once was. */
export interface Entry extends Pick<Line, 'seq' | 'at' | 'what' | 'moved' | 'operationId'> {
  readonly account: string;
  readonly ref: string;
  readonly currency: string;
  readonly status: string;
}

export interface ReplayableAnswer extends KeptAnswer {
  readonly of: Charge | Setup | Customer;
}

/** What journals of earlier versions do not say of a charge. */
const SINCE_ADDED = {
  method: null,
  saveFor: null,
  risk: null,
  holdEndsAt: null,
  disputeAt: null,
  disputes: [],
};

/** As long as gateways remember what they answered to a key. */
const KEYS_KEPT_MS = 24 * 3_600_000;

/** Everything the gateway knows, rebuilt from the journal at the start and changed only through it. */
export class Book {
  private readonly charges = new Map<string, Charge>();
  private readonly refOfOperation = new Map<string, string>();
  private readonly answers = new Map<string, ReplayableAnswer>();
  private readonly endpoints = new Map<string, Map<string, Endpoint>>();
  private readonly customers = new Map<string, Customer>();
  private readonly methods = new Map<string, Method>();
  private readonly setups = new Map<string, Setup>();
  private readonly setupOfOperation = new Map<string, string>();
  private readonly offsets = new Map<string, number>();
  /** How often each card was declined, for those that recover. */
  private readonly declines = new Map<string, number>();
  private readonly listeners: ((event: GatewayEvent, charge: Charge) => void)[] = [];
  readonly entries: Entry[] = [];
  private lastSeq = 0;
  readonly events: GatewayEvent[] = [];

  constructor(
    private readonly journal: Journal,
    past: Line[],
  ) {
    for (const line of past)
      this.apply(line.charge ? { ...line, charge: { ...SINCE_ADDED, ...line.charge } } : line);
  }

  onEvent(listener: (event: GatewayEvent, charge: Charge) => void): void {
    this.listeners.push(listener);
  }

  charge(account: string, ref: string): Charge | null {
    const charge = this.charges.get(ref);
    return ofAccount(charge, account);
  }

  /** A challenge page is reached by a customer who holds the unguessable reference and no account. */
  anyCharge(ref: string): Charge | null {
    return this.charges.get(ref) ?? null;
  }

  chargeOfOperation(account: string, operationId: string): Charge | null {
    const ref = this.refOfOperation.get(`${account}/${operationId}`);
    return ref === undefined ? null : this.charge(account, ref);
  }

  answer(account: string, key: string): ReplayableAnswer | null {
    const answer = this.answers.get(`${account}/${key}`);
    return answer && this.now(account) - answer.at < KEYS_KEPT_MS ? answer : null;
  }

  /** As if a day had passed since every answer. */
  forgetKeys(account: string): void {
    for (const key of this.answers.keys()) if (key.startsWith(`${account}/`)) this.answers.delete(key);
  }

  /** The time of an account (epoch milliseconds): real time, unless its clock was moved. */
  now(account: string): number {
    return gatewayNow() + (this.offsets.get(account) ?? 0);
  }

  async moveClock(account: string, to: number): Promise<void> {
    await this.write({ what: 'clock.moved', clock: { account, offset: to - gatewayNow() } });
  }

  customer(account: string, ref: string): Customer | null {
    return ofAccount(this.customers.get(ref), account);
  }

  method(account: string, ref: string): Method | null {
    return ofAccount(this.methods.get(ref), account);
  }

  setup(account: string, ref: string): Setup | null {
    return ofAccount(this.setups.get(ref), account);
  }

  anySetup(ref: string): Setup | null {
    return this.setups.get(ref) ?? null;
  }

  setupOf(account: string, operationId: string): Setup | null {
    return this.setups.get(this.setupOfOperation.get(`${account}/${operationId}`) ?? '') ?? null;
  }

  declinesOf(account: string, card: string): number {
    return this.declines.get(`${account}/${card}`) ?? 0;
  }

  chargesOf(account: string): Charge[] {
    return [...this.charges.values()].filter((charge) => charge.account === account);
  }

  /** Writes a customer, a method or a set-up, with the answer to its key. */
  async keep(
    what: string,
    part: {
      customer?: Customer;
      method?: Method | null;
      setup?: Setup;
      operationId?: string;
      answer?: KeptAnswer;
    },
  ): Promise<void> {
    await this.write({ what, ...part, method: part.method ?? null });
  }

  endpointsOf(account: string): Endpoint[] {
    return [...(this.endpoints.get(account)?.values() ?? [])];
  }

  /** Events of an account after a position, oldest first; the position is the place in the list. */
  eventsAfter(account: string, position: number, since: string, limit: number): GatewayEvent[] {
    const found: GatewayEvent[] = [];
    for (let at = position; at < this.events.length && found.length < limit; at++) {
      const event = this.events[at];
      if (event && event.account === account && event.createdAt >= since) found.push(event);
    }
    return found;
  }

  /** Everything, for what still decides itself after a restart. */
  everyCharge(): Iterable<Charge> {
    return this.charges.values();
  }

  async register(endpoint: Endpoint): Promise<void> {
    await this.write({ what: 'endpoint.registered', endpoint });
  }

  /** Writes one change of a charge, with its event and the answer to its key, in one line; then tells the world. */
  async change(change: Change): Promise<void> {
    const { charge, operation } = change;
    const at = new Date(change.at ?? this.now(charge.account)).toISOString();
    const event: GatewayEvent = {
      id: newRef('evt'),
      sequence: this.events.length + 1,
      account: charge.account,
      type: change.what,
      createdAt: at,
      data: {
        ref: charge.ref,
        operationId: operation.operationId,
        version: charge.version,
        status: charge.status,
        amount: operation.amount,
        currency: charge.currency,
      },
    };
    await this.write({
      at,
      what: change.what,
      charge,
      method: change.method ?? null,
      operationId: operation.operationId,
      moved: change.moved ?? 0,
      answer: change.answer ?? null,
      event,
    });
    for (const listener of this.listeners) listener(event, charge);
  }

  flushed(): Promise<void> {
    return this.journal.flushed();
  }

  /** Σ captured - Σ refunded for each currency: what the shop's clearing account must say too. */
  balance(account: string | null): Record<string, number> {
    const balance: Record<string, number> = {};
    for (const { account: owner, currency, moved } of this.entries) {
      if (account !== null && owner !== account) continue;
      balance[currency] = (balance[currency] ?? 0) + moved;
    }
    return balance;
  }

  private async write(part: Partial<Line> & { what: string }): Promise<void> {
    const line: Line = {
      seq: this.lastSeq + 1,
      at: new Date(gatewayNow()).toISOString(),
      moved: 0,
      operationId: null,
      charge: null,
      answer: null,
      event: null,
      endpoint: null,
      customer: null,
      method: null,
      setup: null,
      clock: null,
      ...part,
    };
    this.apply(line);
    await this.journal.append(line);
  }

  private apply(line: Line): void {
    this.lastSeq = line.seq;
    if (line.charge) {
      this.charges.set(line.charge.ref, line.charge);
      const { seq, at, what, moved, operationId } = line;
      const { account, ref, currency, status } = line.charge;
      this.entries.push({ seq, at, what, moved, operationId, account, ref, currency, status });
      for (const { operationId } of line.charge.operations) {
        this.refOfOperation.set(`${line.charge.account}/${operationId}`, line.charge.ref);
      }
      if (what === 'charge.declined') {
        const card = `${account}/${line.charge.method?.ref ?? ''}`;
        this.declines.set(card, (this.declines.get(card) ?? 0) + 1);
      }
    }
    const { customer, method, setup, clock } = line;
    if (customer) this.customers.set(customer.ref, customer);
    if (method) this.methods.set(method.ref, method);
    if (setup) {
      this.setups.set(setup.ref, setup);
      this.setupOfOperation.set(`${setup.account}/${setup.operationId}`, setup.ref);
    }
    if (clock) this.offsets.set(clock.account, clock.offset);
    const of = line.charge ?? setup ?? customer;
    if (line.answer && of) this.answers.set(`${of.account}/${line.answer.key}`, { ...line.answer, of });
    if (line.event) this.events.push(line.event);
    if (line.endpoint) {
      const ofAccount = this.endpoints.get(line.endpoint.account) ?? new Map<string, Endpoint>();
      // One shop has one address: a later registration with the same secret replaces the earlier one.
      for (const [url, other] of ofAccount) if (other.secret === line.endpoint.secret) ofAccount.delete(url);
      ofAccount.set(line.endpoint.url, line.endpoint);
      this.endpoints.set(line.endpoint.account, ofAccount);
    }
  }
}

const ofAccount = <T extends { account: string }>(found: T | undefined, account: string): T | null =>
  found?.account === account ? found : null;

/** The next version of a charge with one operation added or replaced. */
export function withOperation(
  charge: Charge,
  operation: ChargeOperation,
  fields: Partial<Charge> = {},
): Charge {
  const others = charge.operations.filter((each) => each.ref !== operation.ref);
  return { ...charge, ...fields, version: charge.version + 1, operations: [...others, operation] };
}

export function newOperation(
  kind: OperationKind,
  operationId: string,
  amount: number,
  fields: Partial<ChargeOperation> = {},
): ChargeOperation {
  return {
    ref: newRef(kind),
    operationId,
    kind,
    status: 'succeeded',
    amount,
    code: null,
    hard: false,
    later: null,
    ...fields,
  };
}
