import { meaningOf } from './declines.js';
import { type Book, newOperation, newRef, withOperation } from './test-gateway.book.js';
import { cardOf, keptBy } from './test-gateway.cards.js';
import type { Charge, ChargeOperation, KeptAnswer, Method } from './test-gateway.journal.js';
import { DECLINES, type TokenName, behaviourOf } from './test-gateway.tokens.js';

const ASYNC_MS = 300;
const DAY = 86_400_000;
const HOLD_MS = 7 * DAY;
const DISPUTE_MS = 3 * DAY;
const CHALLENGES: readonly TokenName[] = ['sca_required', 'sca_once', 'sca_fail', 'sca_then_decline'];
const DISPUTES: readonly TokenName[] = ['dispute', 'dispute_won', 'dispute_lost'];

export interface ChargeRequest {
  readonly account: string;
  readonly operationId: string;
  readonly amount: number;
  readonly currency: string;
  /** What pays: the card behind a token, or a kept method. */
  readonly method: Method;
  readonly capture: 'automatic' | 'manual';
  readonly offSession: boolean;
  readonly challenge: 'auto' | 'required';
  readonly saveFor: string | null;
  readonly returnUrl: string | null;
}

/** The answer to a key as far as it is known before the work. */
export type Keyed = Omit<KeptAnswer, 'status'>;

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What a real acquirer would decide, decided by the token. Every method writes one line and answers the charge. */
export class GatewayRules {
  constructor(
    private readonly book: Book,
    private readonly publicUrl: () => string,
  ) {}

  async authorize(request: ChargeRequest, answer: Keyed): Promise<Charge> {
    const { account, method } = request;
    const { name, ms, count } = behaviourOf(method.token);
    const now = this.book.now(account);
    const challenge = this.asksFor(request, name);
    const decline =
      this.declineOf(request, name) ?? (challenge && request.offSession ? 'authentication_required' : null);
    const amount = name === 'amount_mismatch' ? request.amount + 1 : request.amount;
    const currency =
      name === 'currency_switch' ? (request.currency === 'USD' ? 'EUR' : 'USD') : request.currency;
    const ref = newRef('ch');
    const asynchronous = name === 'async_ok' || name === 'async_fail';
    const { hard } = meaningOf(decline ?? '');
    const operation = newOperation('authorize', request.operationId, amount, {
      status: decline ? 'failed' : asynchronous || challenge ? 'pending' : 'succeeded',
      code: decline,
      hard,
      later: asynchronous && !decline ? { at: now + (ms ?? ASYNC_MS), succeeds: name === 'async_ok' } : null,
    });
    const { account: _account, token, ...card } = method;
    const charge: Charge = {
      ref,
      account,
      token,
      amount,
      currency,
      capture: request.capture,
      status: decline ? 'declined' : challenge ? 'requires_action' : 'processing',
      captured: 0,
      refunded: 0,
      declineCode: decline,
      hard,
      challengeUrl: challenge && !decline ? `${this.publicUrl()}/challenge/${ref}` : null,
      returnUrl: request.returnUrl,
      method: card,
      saveFor: request.saveFor,
      risk: name === 'risk' ? (count ?? 75) : null,
      holdEndsAt: null,
      disputeAt: null,
      disputes: [],
      version: 1,
      createdAt: new Date(now).toISOString(),
      operations: [operation],
    };
    const kept = { ...answer, status: decline ? 402 : 200 };
    if (operation.status === 'succeeded') return this.succeed({ ...charge, version: 0 }, operation, kept);
    await this.book.change({ what: `charge.${charge.status}`, charge, operation, answer: kept });
    return charge;
  }

  async capture(charge: Charge, operationId: string, amount: number, final: boolean, answer: Keyed) {
    if (charge.status !== 'authorized')
      throw new Refused(409, 'not_capturable', `The charge is ${charge.status}.`);
    const captured = charge.captured + amount;
    if (captured > charge.amount)
      throw new Refused(409, 'capture_exceeds_authorization', 'More than was authorized.');
    const done = final || captured === charge.amount;
    const operation = newOperation('capture', operationId, amount);
    const next = withOperation(charge, operation, {
      status: done ? 'captured' : 'authorized',
      captured,
      holdEndsAt: done ? null : charge.holdEndsAt,
      disputeAt: charge.captured === 0 ? this.disputeAt(charge) : charge.disputeAt,
    });
    await this.book.change({
      what: 'charge.captured',
      charge: next,
      operation,
      moved: amount,
      answer: { ...answer, status: 200 },
    });
    return next;
  }

  async void(charge: Charge, operationId: string, answer: Keyed): Promise<Charge> {
    if (!['authorized', 'requires_action', 'processing'].includes(charge.status)) {
      throw new Refused(409, 'not_voidable', `The charge is ${charge.status}.`);
    }
    const operation = newOperation('void', operationId, charge.amount - charge.captured);
    const open = charge.operations.map((each) =>
      each.status === 'pending'
        ? { ...each, status: 'failed' as const, code: 'canceled', later: null }
        : each,
    );
    const next = withOperation({ ...charge, operations: open }, operation, released(charge));
    await this.book.change({
      what: 'charge.voided',
      charge: next,
      operation,
      answer: { ...answer, status: 200 },
    });
    return next;
  }

  async refund(charge: Charge, operationId: string, amount: number, answer: Keyed) {
    const underWay = charge.operations
      .filter((each) => each.kind === 'refund' && each.status === 'pending')
      .reduce((sum, each) => sum + each.amount, 0);
    if (charge.captured === 0) throw new Refused(409, 'not_refundable', `The charge is ${charge.status}.`);
    const disputed = charge.disputes.filter((each) => each.status !== 'won');
    if (disputed.length > 0) throw new Refused(409, 'charge_disputed', 'The bank has taken it back already.');
    if (amount > charge.captured - charge.refunded - underWay) {
      throw new Refused(409, 'refund_exceeds_charge', 'More than is left of the charge.');
    }
    const { name, ms } = behaviourOf(charge.token);
    const refused =
      name === 'refund_fail' ||
      (name === 'refund_fail_once' && charge.operations.every((each) => each.kind !== 'refund'));
    const slow = name === 'refund_pending' || name === 'refund_fail_later';
    const at = this.book.now(charge.account) + (ms ?? ASYNC_MS);
    const operation = newOperation('refund', operationId, amount, {
      status: refused ? 'failed' : slow ? 'pending' : 'succeeded',
      code: refused ? 'refund_refused' : null,
      later: slow ? { at, succeeds: name === 'refund_pending' } : null,
    });
    const moved = operation.status === 'succeeded' ? amount : 0;
    const next = withOperation(charge, operation, { refunded: charge.refunded + moved });
    await this.book.change({
      what: `refund.${operation.status}`,
      charge: next,
      operation,
      moved: -moved,
      answer: { ...answer, status: operation.status === 'failed' ? 402 : 200 },
    });
    return next;
  }

  /** The customer's decision on the challenge page; deciding twice changes nothing. */
  async decide(charge: Charge, approved: boolean): Promise<Charge> {
    const operation = charge.operations.find((each) => each.kind === 'authorize');
    if (charge.status !== 'requires_action' || !operation) return charge;
    const { name } = behaviourOf(charge.token);
    if (!approved || name === 'sca_fail') return this.fail(charge, operation, 'authentication_failed');
    return name === 'sca_then_decline'
      ? this.fail(charge, operation, 'insufficient_funds')
      : this.succeed(charge, operation);
  }

  /** An operation that was pending has reached its hour. */
  async mature(charge: Charge, due: ChargeOperation, at: number): Promise<void> {
    if (!due.later) return;
    const { succeeds } = due.later;
    if (due.kind === 'authorize') {
      await (succeeds
        ? this.succeed(charge, due, undefined, at)
        : this.fail(charge, due, 'bank_refused', at));
      return;
    }
    const operation: ChargeOperation = {
      ...due,
      later: null,
      status: succeeds ? 'succeeded' : 'failed',
      code: succeeds ? null : 'account_closed',
    };
    const moved = succeeds ? operation.amount : 0;
    const next = withOperation(charge, operation, { refunded: charge.refunded + moved });
    await this.book.change({
      what: `refund.${operation.status}`,
      charge: next,
      operation,
      moved: -moved,
      at,
    });
  }

  /** Nobody has captured it in time: what is still held is released. */
  async expire(charge: Charge, at: number): Promise<void> {
    const [operation] = charge.operations;
    if (charge.status !== 'authorized' || !operation) return;
    const next = { ...charge, ...released(charge), version: charge.version + 1 };
    await this.book.change({ what: 'charge.expired', charge: next, operation, at });
  }

  private async succeed(
    charge: Charge,
    pending: ChargeOperation,
    answer?: KeptAnswer,
    at = this.book.now(charge.account),
  ): Promise<Charge> {
    const operation: ChargeOperation = { ...pending, status: 'succeeded', later: null };
    const captured = charge.capture === 'automatic' ? charge.amount : 0;
    const { name, ms } = behaviourOf(charge.token);
    const method =
      charge.saveFor === null ? null : keptBy(charge.saveFor, cardOf(charge.account, charge.token));
    const { account: _account, token: _token, ...card } = method ?? { account: '', token: '' };
    const next = withOperation(charge, operation, {
      status: captured > 0 ? 'captured' : 'authorized',
      captured,
      challengeUrl: null,
      method: method ? (card as Charge['method']) : charge.method,
      holdEndsAt: captured > 0 ? null : at + ((name === 'auth_expires' ? ms : null) ?? HOLD_MS),
      disputeAt: captured > 0 ? this.disputeAt(charge, at) : null,
    });
    await this.book.change({
      what: `charge.${next.status}`,
      charge: next,
      operation,
      method,
      moved: captured,
      at,
      ...(answer && { answer }),
    });
    return next;
  }

  private async fail(charge: Charge, pending: ChargeOperation, code: string, at?: number): Promise<Charge> {
    const { hard } = meaningOf(code);
    const operation: ChargeOperation = { ...pending, status: 'failed', code, hard, later: null };
    const next = withOperation(charge, operation, {
      status: 'declined',
      declineCode: code,
      hard,
      challengeUrl: null,
    });
    await this.book.change({ what: 'charge.declined', charge: next, operation, ...(at && { at }) });
    return next;
  }

  private asksFor({ challenge, method }: ChargeRequest, name: TokenName): boolean {
    if (DECLINES[name] !== undefined) return false;
    const kept = method.customerRef !== null;
    return challenge === 'required' || (CHALLENGES.includes(name) && !(kept && name === 'sca_once'));
  }

  private declineOf({ account, method }: ChargeRequest, name: TokenName): string | null {
    if (name === 'attach_ok_charge_fails') return 'generic_decline';
    if (name === 'attach_ok_then_lost') return 'lost_card';
    if (name !== 'recover_after') return DECLINES[name] ?? null;
    const { count } = behaviourOf(method.token);
    return this.book.declinesOf(account, method.ref) < (count ?? 1) ? 'insufficient_funds' : null;
  }

  private disputeAt({ account, token }: Charge, at = this.book.now(account)): number | null {
    const { name, ms } = behaviourOf(token);
    return DISPUTES.includes(name) ? at + (ms ?? DISPUTE_MS) : null;
  }
}

/** Without what was still held; what was captured stays captured. */
const released = ({ captured }: Charge): Partial<Charge> => ({
  status: captured > 0 ? 'captured' : 'voided',
  challengeUrl: null,
  holdEndsAt: null,
});
