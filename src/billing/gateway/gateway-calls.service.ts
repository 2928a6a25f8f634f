import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { failpoint } from '../../platform/failpoint.js';
import { Problem } from '../../platform/http/problem.js';
import { BLOCKED, FraudScreen } from '../fraud/fraud-screen.service.js';
import type { ScreeningOutcome } from '../fraud/fraud-rule.js';
import { GatewayCustomers } from '../payment-method/gateway-customers.service.js';
import { OperationRepository, type PreparedCall } from '../payment/operation.repository.js';
import { type GatewayOutcome, type GatewaySnapshot, PaymentGateway } from './payment-gateway.port.js';

/** Sends operations to the gateway and asks what became of them. Network only: never inside a transaction. */
@Injectable()
export class GatewayCalls {
  private readonly log = new Logger('billing');

  constructor(
    private readonly gateway: PaymentGateway,
    private readonly operations: OperationRepository,
    private readonly customers: GatewayCustomers,
    private readonly screening: FraudScreen,
    private readonly clock: Clock,
  ) {}

  /**
   * Sends an operation; its id is the key, so sending it again after a crash moves no money twice. Gateways forget keys after a
   * day: what may have been sent long ago is looked for first, and what is decided is not sent at all.
   */
  async send(operationId: string): Promise<GatewayOutcome> {
    const call = await this.operations.prepared(operationId);
    if (call === null) throw new Error(`there is no operation ${operationId}`);
    if (call.gateway !== this.gateway.code) return this.elsewhere(call);
    const known = await this.known(call);
    if (known) return known;
    const screened = await this.screen(call);
    if (screened === 'block') return BLOCKED;
    failpoint('billing.before_gateway');
    const outcome = await this.dispatch(call, screened);
    failpoint('billing.after_gateway');
    if (outcome.kind === 'unknown')
      this.log.warn(`operation ${operationId}: outcome unknown (${outcome.cause})`);
    return outcome;
  }

  /** What became of an operation that was left open. One that never arrived is sent again, unless it was a shopper's. */
  async ask(operationId: string): Promise<GatewayOutcome> {
    const call = await this.operations.prepared(operationId);
    if (call === null) throw new Error(`there is no operation ${operationId}`);
    if (call.gateway !== this.gateway.code) return this.elsewhere(call);
    const { kind } = call.operation;
    if (call.attempt?.outcome === 'block') return BLOCKED;
    const snapshot = await this.look(call);
    const outcome = snapshot?.outcomeOf(operationId) ?? null;
    if (outcome) return outcome;
    // Nobody stands at the till any more: an attempt that the gateway never saw is over, the shopper may try again.
    if (kind === 'authorize') return { kind: 'errored', code: 'not_received', retryable: false };
    return this.dispatch(call);
  }

  /** What became of it already; null: it was not sent, or the gateway still knows its key. */
  private async known(call: PreparedCall): Promise<GatewayOutcome | null> {
    const { operation, chargeRef: ref } = call;
    const { id, kind, status, amount, code, advice, gatewayVersion: version } = operation;
    if (kind !== 'authorize' && ref !== null && status === 'succeeded')
      return {
        ...{ kind: 'ok', ref, version, amount, captured: kind === 'capture' },
        ...{ captureBefore: null, method: null, risk: null },
      };
    if (kind !== 'authorize' && status === 'failed')
      return {
        kind: 'declined',
        ...{ ref, version, code: code ?? 'declined', hard: true, advice: advice ?? 'never' },
      };
    const isFresh = operation.nextCheckAt !== null && operation.nextCheckAt > this.clock.now();
    if (status === 'created' && operation.checks === 0 && isFresh) return null;
    try {
      return (await this.look(call))?.outcomeOf(id) ?? null;
    } catch (error) {
      this.log.warn(`operation ${id}: the gateway could not be asked (${String(error)})`);
      return { kind: 'unknown', cause: 'no_answer' };
    }
  }

  /** The shop has another gateway now: what was not sent waits for the old one, and what was sent is not known. */
  private elsewhere({ operation, gateway }: PreparedCall): GatewayOutcome {
    this.log.error(`operation ${operation.id} belongs to the gateway ${gateway}, which is not configured`);
    const code = 'gateway_not_configured';
    return operation.kind === 'authorize'
      ? { kind: 'unknown', cause: code }
      : { kind: 'errored', code, retryable: true };
  }

  private look({ operation, chargeRef }: PreparedCall): Promise<GatewaySnapshot | null> {
    return operation.kind === 'authorize' || chargeRef === null
      ? this.gateway.findByOperation(operation.id)
      : this.gateway.retrieve(chargeRef);
  }

  /** What is decided, or was sent before, is looked at no more. */
  private async screen({ operation, attempt, fingerprint }: PreparedCall): Promise<ScreeningOutcome> {
    if (operation.kind !== 'authorize' || operation.status !== 'created') return attempt?.outcome ?? 'allow';
    return this.screening.screen(operation.id, attempt, fingerprint);
  }

  /** What an adapter refuses was never sent, and would be refused again: it is decided, so that nothing stays reserved for it. */
  private async dispatch(call: PreparedCall, screened: ScreeningOutcome = 'allow'): Promise<GatewayOutcome> {
    try {
      return await this.sendOff(call, screened);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.log.error(`operation ${call.operation.id} cannot be sent: ${error.message}`);
      return { kind: 'errored', code: error.code.replace('billing.', ''), retryable: false };
    }
  }

  private sendOff(call: PreparedCall, screened: ScreeningOutcome): Promise<GatewayOutcome> {
    const { operation, chargeRef } = call;
    const { id: operationId, kind, amount, final } = operation;
    if (kind === 'authorize') return this.authorize(call, screened);
    if (chargeRef === null) return Promise.resolve({ kind: 'errored', code: 'no_charge', retryable: false });
    const followUp = { operationId, ref: chargeRef, amount };
    switch (kind) {
      case 'capture':
        return this.gateway.capture({ ...followUp, final });
      case 'void':
        return this.gateway.void(followUp);
      case 'refund':
        return this.gateway.refund(followUp);
    }
  }

  private async authorize(call: PreparedCall, screened: ScreeningOutcome): Promise<GatewayOutcome> {
    const { operation, token, method, customerId, returnUrl } = call;
    const { id: operationId, amount, offSession } = operation;
    const source = token === null ? method : { token };
    // The token is forgotten when an attempt is decided: then there is nothing left to send.
    if (source === null || operation.isFinal) return this.ask(operationId);
    let save = null;
    if (operation.saveMethod && customerId !== null && token !== null) {
      const customerRef = await this.customers.refOf(customerId);
      if (customerRef === null) return { kind: 'errored', code: 'customer_not_made', retryable: false };
      save = { customerRef };
    }
    // Nothing is taken before a person has looked at it.
    const capture = screened === 'review' ? 'manual' : call.capture;
    const challenge = screened === 'challenge' ? 'required' : 'auto';
    const how = { capture, offSession, challenge, save, returnUrl } as const;
    return this.gateway.authorize({ operationId, amount, source, ...how });
  }
}
