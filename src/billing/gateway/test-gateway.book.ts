import { randomBytes } from 'node:crypto';
import type {
  Charge,
  ChargeOperation,
  Endpoint,
  GatewayEvent,
  Journal,
  KeptAnswer,
  Line,
  OperationKind,
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
}

/** What a line says in short: enough for a check from outside, without every charge as it once was. */
export interface Entry extends Pick<Line, 'seq' | 'at' | 'what' | 'moved' | 'operationId'> {
  readonly account: string;
  readonly ref: string;
  readonly currency: string;
  readonly status: string;
}

export interface ReplayableAnswer extends KeptAnswer {
  readonly charge: Charge;
}

/** Everything the gateway knows, rebuilt from the journal at the start and changed only through it. */
export class Book {
  private readonly charges = new Map<string, Charge>();
  private readonly refOfOperation = new Map<string, string>();
  private readonly answers = new Map<string, ReplayableAnswer>();
  private readonly endpoints = new Map<string, Map<string, Endpoint>>();
  private readonly listeners: ((event: GatewayEvent, charge: Charge) => void)[] = [];
  readonly entries: Entry[] = [];
  private lastSeq = 0;
  readonly events: GatewayEvent[] = [];

  constructor(
    private readonly journal: Journal,
    past: Line[],
  ) {
    for (const line of past) this.apply(line);
  }

  onEvent(listener: (event: GatewayEvent, charge: Charge) => void): void {
    this.listeners.push(listener);
  }

  charge(account: string, ref: string): Charge | null {
    const charge = this.charges.get(ref);
    return charge?.account === account ? charge : null;
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
    return this.answers.get(`${account}/${key}`) ?? null;
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

  /** Charges with something that decides itself later, for example after a restart. */
  undecided(): Charge[] {
    return [...this.charges.values()].filter((charge) =>
      charge.operations.some((each) => each.later !== null),
    );
  }

  async register(endpoint: Endpoint): Promise<void> {
    await this.write({ what: 'endpoint.registered', endpoint });
  }

  /** Writes one change of a charge, with its event and the answer to its key, in one line; then tells the world. */
  async change(change: Change): Promise<void> {
    const { charge, operation } = change;
    const event: GatewayEvent = {
      id: newRef('evt'),
      sequence: this.events.length + 1,
      account: charge.account,
      type: change.what,
      createdAt: new Date(gatewayNow()).toISOString(),
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
      what: change.what,
      charge,
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
      if (line.answer) {
        this.answers.set(`${line.charge.account}/${line.answer.key}`, {
          ...line.answer,
          charge: line.charge,
        });
      }
    }
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
    later: null,
    ...fields,
  };
}
