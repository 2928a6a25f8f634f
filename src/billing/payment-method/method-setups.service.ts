import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { type NextAction, PaymentGateway, type SetupOutcome } from '../gateway/payment-gateway.port.js';
import { Outbox } from '../../platform/events/outbox.js';
import { DefaultMethodChanged } from '../billing.events.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { GatewayCustomers } from './gateway-customers.service.js';
import { type MethodSetup, MethodSetupRepository } from './method-setup.repository.js';
import type { AddPaymentMethodDto } from './payment-method.dto.js';
import { methodProblems } from './payment-method.errors.js';
import { PaymentMethodRepository } from './payment-method.repository.js';

/** Where a set-up stands, with the page of the bank while it asks. */
export interface SetupSeen {
  readonly setup: MethodSetup;
  readonly next: NextAction | null;
}

/** Keeps methods at the gateway: write down, ask the gateway with no transaction open, take in what came of it. */
@Injectable()
export class MethodSetups {
  constructor(
    private readonly database: Database,
    private readonly setups: MethodSetupRepository,
    private readonly methods: PaymentMethodRepository,
    private readonly customers: GatewayCustomers,
    private readonly gateway: PaymentGateway,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
  ) {}

  /** A repeat with the same key goes on with the same set-up, which the gateway makes once. */
  async add(
    customerId: string,
    { gateway, token, returnUrl, makeDefault }: AddPaymentMethodDto,
  ): Promise<SetupSeen> {
    if (gateway !== this.gateway.code) throw paymentProblems.unknown_gateway();
    const request = Idempotency.current();
    if (request === null) throw new Error('a method is kept only with an Idempotency-Key');
    const customerRef = await this.customers.refOf(customerId);
    if (customerRef === null) throw paymentProblems.gateway_unreachable(undefined, { retryAfter: 2 });
    const { setupId } =
      (request.resume as { setupId: string } | null) ??
      (await this.database.transaction(async () => {
        const id = newId();
        const createdAt = this.clock.now();
        await this.setups.add({ id, customerId, gateway, makeDefault: makeDefault ?? false, createdAt });
        await request.remember({ setupId: id });
        return { setupId: id };
      }));
    const outcome = await this.gateway.setupMethod({
      ...{ operationId: setupId, customerRef, token },
      returnUrl: returnUrl ?? null,
    });
    return this.take(customerId, setupId, outcome);
  }

  /** Looks at the gateway what a set-up has become, when its owner comes back from the bank. */
  async confirm(customerId: string, id: string): Promise<SetupSeen> {
    const setup = await this.setups.find(customerId, id);
    if (setup === null) throw platformProblems.not_found();
    if (setup.ref === null || setup.status === 'succeeded' || setup.status === 'failed')
      return { setup, next: null };
    let outcome: SetupOutcome | null;
    try {
      outcome = await this.gateway.retrieveSetup(setup.ref);
    } catch {
      throw paymentProblems.gateway_unreachable(undefined, { retryAfter: 2 });
    }
    return outcome === null ? { setup, next: null } : this.take(customerId, id, outcome);
  }

  private async take(customerId: string, id: string, outcome: SetupOutcome): Promise<SetupSeen> {
    if (outcome.kind === 'errored') throw paymentProblems.gateway_unreachable(undefined, { retryAfter: 2 });
    const setup = await this.database.transaction(async () => {
      const known = await this.setups.find(customerId, id, true);
      if (known === null) throw platformProblems.not_found();
      if (known.status === 'succeeded' || known.status === 'failed') return known;
      await this.setups.change(id, await this.changed(known, outcome));
      return (await this.setups.find(customerId, id)) ?? known;
    });
    if (setup.status === 'failed')
      throw methodProblems.payment_method_declined(undefined, { extra: { declineCode: setup.code } });
    return { setup, next: outcome.kind === 'action_required' ? outcome.next : null };
  }

  private async changed(
    { customerId, gateway, makeDefault, ref }: MethodSetup,
    outcome: Exclude<SetupOutcome, { kind: 'errored' }>,
  ): Promise<Pick<MethodSetup, 'ref' | 'status' | 'code' | 'methodId'>> {
    switch (outcome.kind) {
      case 'ok': {
        const how = { isDefault: makeDefault, now: this.clock.now() };
        const methodId = await this.methods.keep(customerId, gateway, outcome.method, how);
        const present = await this.methods.find(customerId, null);
        if (methodId !== null && present?.id === methodId)
          this.outbox.record(new DefaultMethodChanged({ customerId, methodId }));
        return { ref: outcome.ref, status: 'succeeded', code: null, methodId };
      }
      case 'action_required':
        return { ref: outcome.ref, status: 'requires_action', code: null, methodId: null };
      case 'declined':
        return { ref: outcome.ref, status: 'failed', code: outcome.code, methodId: null };
      case 'pending':
        return { ref: outcome.ref, status: 'processing', code: null, methodId: null };
      case 'unknown':
        return { ref, status: 'processing', code: null, methodId: null };
    }
  }
}
