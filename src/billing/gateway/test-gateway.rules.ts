import { type Book, gatewayNow, newOperation, newRef, withOperation } from './test-gateway.book.js';
import type { Charge, ChargeOperation, KeptAnswer } from './test-gateway.journal.js';
import { DECLINES, behaviourOf } from './test-gateway.tokens.js';

const ASYNC_MS = 300;

export interface ChargeRequest {
  readonly account: string;
  readonly operationId: string;
  readonly amount: number;
  readonly currency: string;
  readonly token: string;
  readonly capture: 'automatic' | 'manual';
  readonly returnUrl: string | null;
}

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

  async authorize(request: ChargeRequest, answer: Omit<KeptAnswer, 'status'>): Promise<Charge> {
    const { name, ms } = behaviourOf(request.token);
    const decline = DECLINES[name];
    const amount = name === 'amount_mismatch' ? request.amount + 1 : request.amount;
    const currency =
      name === 'currency_switch' ? (request.currency === 'USD' ? 'EUR' : 'USD') : request.currency;
    const ref = newRef('ch');
    const asynchronous = name === 'async_ok' || name === 'async_fail';
    const challenge = name === 'sca_required' || name === 'sca_then_decline';
    const operation = newOperation('authorize', request.operationId, amount, {
      status: decline ? 'failed' : asynchronous || challenge ? 'pending' : 'succeeded',
      code: decline?.code ?? null,
      later: asynchronous ? { at: gatewayNow() + (ms ?? ASYNC_MS), succeeds: name === 'async_ok' } : null,
    });
    const succeeded = operation.status === 'succeeded';
    const charge: Charge = {
      ref,
      account: request.account,
      token: request.token,
      amount,
      currency,
      capture: request.capture,
      status: decline
        ? 'declined'
        : challenge
          ? 'requires_action'
          : asynchronous
            ? 'processing'
            : request.capture === 'automatic'
              ? 'captured'
              : 'authorized',
      captured: succeeded && request.capture === 'automatic' ? amount : 0,
      refunded: 0,
      declineCode: decline?.code ?? null,
      hard: decline?.hard ?? false,
      challengeUrl: challenge ? `${this.publicUrl()}/challenge/${ref}` : null,
      returnUrl: request.returnUrl,
      version: 1,
      createdAt: new Date(gatewayNow()).toISOString(),
      operations: [operation],
    };
    await this.book.change({
      what: `charge.${charge.status}`,
      charge,
      operation,
      moved: charge.captured,
      answer: { ...answer, status: decline ? 402 : 200 },
    });
    return charge;
  }

  async capture(charge: Charge, operationId: string, amount: number, answer: Omit<KeptAnswer, 'status'>) {
    if (charge.status !== 'authorized')
      throw new Refused(409, 'not_capturable', `The charge is ${charge.status}.`);
    if (amount > charge.amount)
      throw new Refused(409, 'capture_exceeds_authorization', 'More than was authorized.');
    const operation = newOperation('capture', operationId, amount);
    const next = withOperation(charge, operation, { status: 'captured', captured: amount });
    await this.book.change({
      what: 'charge.captured',
      charge: next,
      operation,
      moved: amount,
      answer: { ...answer, status: 200 },
    });
    return next;
  }

  async void(charge: Charge, operationId: string, answer: Omit<KeptAnswer, 'status'>): Promise<Charge> {
    if (!['authorized', 'requires_action', 'processing'].includes(charge.status)) {
      throw new Refused(409, 'not_voidable', `The charge is ${charge.status}.`);
    }
    const operation = newOperation('void', operationId, charge.amount);
    const open = charge.operations.map((each) =>
      each.status === 'pending'
        ? { ...each, status: 'failed' as const, code: 'canceled', later: null }
        : each,
    );
    const next = withOperation({ ...charge, operations: open }, operation, {
      status: 'voided',
      challengeUrl: null,
    });
    await this.book.change({
      what: 'charge.voided',
      charge: next,
      operation,
      answer: { ...answer, status: 200 },
    });
    return next;
  }

  async refund(charge: Charge, operationId: string, amount: number, answer: Omit<KeptAnswer, 'status'>) {
    const underWay = charge.operations
      .filter((each) => each.kind === 'refund' && each.status === 'pending')
      .reduce((sum, each) => sum + each.amount, 0);
    if (charge.status !== 'captured')
      throw new Refused(409, 'not_refundable', `The charge is ${charge.status}.`);
    if (amount > charge.captured - charge.refunded - underWay) {
      throw new Refused(409, 'refund_exceeds_charge', 'More than is left of the charge.');
    }
    const { name, ms } = behaviourOf(charge.token);
    const refused =
      name === 'refund_fail' ||
      (name === 'refund_fail_once' && charge.operations.every((each) => each.kind !== 'refund'));
    const slow = name === 'refund_pending' || name === 'refund_fail_later';
    const operation = newOperation('refund', operationId, amount, {
      status: refused ? 'failed' : slow ? 'pending' : 'succeeded',
      code: refused ? 'refund_refused' : null,
      later: slow ? { at: gatewayNow() + (ms ?? ASYNC_MS), succeeds: name === 'refund_pending' } : null,
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
    const declines = behaviourOf(charge.token).name === 'sca_then_decline';
    return approved && !declines
      ? this.succeed(charge, operation)
      : this.fail(charge, operation, approved ? 'insufficient_funds' : 'authentication_failed');
  }

  /** Something that was pending has reached its hour; whoever wakes us keeps the time. */
  async mature(ref: string, operationRef: string): Promise<void> {
    const charge = this.book.anyCharge(ref);
    const due = charge?.operations.find((each) => each.ref === operationRef);
    if (!charge || !due?.later) return;
    if (due.kind === 'authorize') {
      await (due.later.succeeds ? this.succeed(charge, due) : this.fail(charge, due, 'bank_refused'));
      return;
    }
    const { succeeds } = due.later;
    const operation: ChargeOperation = {
      ...due,
      later: null,
      status: succeeds ? 'succeeded' : 'failed',
      code: succeeds ? null : 'account_closed',
    };
    const moved = succeeds ? operation.amount : 0;
    const next = withOperation(charge, operation, { refunded: charge.refunded + moved });
    await this.book.change({ what: `refund.${operation.status}`, charge: next, operation, moved: -moved });
  }

  private async succeed(charge: Charge, pending: ChargeOperation): Promise<Charge> {
    const operation: ChargeOperation = { ...pending, status: 'succeeded', later: null };
    const moved = charge.capture === 'automatic' ? charge.amount : 0;
    const next = withOperation(charge, operation, {
      status: charge.capture === 'automatic' ? 'captured' : 'authorized',
      captured: moved,
      challengeUrl: null,
    });
    await this.book.change({ what: `charge.${next.status}`, charge: next, operation, moved });
    return next;
  }

  private async fail(charge: Charge, pending: ChargeOperation, code: string): Promise<Charge> {
    const operation: ChargeOperation = { ...pending, status: 'failed', code, later: null };
    const next = withOperation(charge, operation, {
      status: 'declined',
      declineCode: code,
      challengeUrl: null,
    });
    await this.book.change({ what: 'charge.declined', charge: next, operation });
    return next;
  }
}
