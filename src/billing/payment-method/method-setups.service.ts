import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { BLOCKED } from '../fraud/fraud-screen.service.js';
import { SetupScreen } from '../fraud/setup-screen.service.js';
import { PaymentGateway, type SetupOutcome } from '../gateway/payment-gateway.port.js';
import { paymentProblems, unknownGateway } from '../payment/payment.errors.js';
import { GatewayCustomers } from './gateway-customers.service.js';
import { MethodSetupRepository } from './method-setup.repository.js';
import type { AddPaymentMethodDto } from './payment-method.dto.js';
import { SetupOutcomes, type SetupSeen } from './setup-outcomes.service.js';

/** Keeps methods at the gateway: write down, screen, ask the gateway with no transaction open, take in what came of it. */
@Injectable()
export class MethodSetups {
  constructor(
    private readonly database: Database,
    private readonly setups: MethodSetupRepository,
    private readonly outcomes: SetupOutcomes,
    private readonly customers: GatewayCustomers,
    private readonly screening: SetupScreen,
    private readonly gateway: PaymentGateway,
    private readonly clock: Clock,
  ) {}

  /** A repeat with the same key goes on with the same set-up, which the gateway makes once. */
  async add(customerId: string, input: AddPaymentMethodDto): Promise<SetupSeen> {
    const { gateway, token, returnUrl = null, makeDefault = false } = input;
    if (gateway !== this.gateway.code) throw unknownGateway(this.gateway.code, '/gateway');
    const request = Idempotency.current();
    if (request === null) throw new Error('a method is kept only with an Idempotency-Key');
    const customerRef = await this.customers.refOf(customerId);
    if (customerRef === null) throw paymentProblems.gateway_unreachable(undefined, { retryAfter: 2 });
    const { setupId } =
      (request.resume as { setupId: string } | null) ??
      (await this.database.transaction(async () => {
        const id = newId();
        const createdAt = this.clock.now();
        await this.setups.add({ id, customerId, gateway, makeDefault, createdAt });
        await this.screening.begin(id, { customerId, token }, createdAt);
        await request.remember({ setupId: id });
        return { setupId: id };
      }));
    const screened = await this.screening.screen(setupId);
    if (screened === 'block') return this.outcomes.take(customerId, setupId, BLOCKED);
    const challenge = screened === 'challenge' ? 'required' : 'auto';
    const wanted = { operationId: setupId, customerRef, token, returnUrl, challenge } as const;
    return this.outcomes.take(customerId, setupId, await this.gateway.setupMethod(wanted));
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
    return outcome === null ? { setup, next: null } : this.outcomes.take(customerId, id, outcome);
  }
}
