import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { DefaultMethodChanged } from '../billing.events.js';
import { SetupScreen } from '../fraud/setup-screen.service.js';
import type { NextAction, SetupOutcome } from '../gateway/payment-gateway.port.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { type MethodSetup, MethodSetupRepository } from './method-setup.repository.js';
import { methodProblems } from './payment-method.errors.js';
import { PaymentMethodRepository } from './payment-method.repository.js';

/** Where a set-up stands, with the page of the bank while it asks. */
export interface SetupSeen {
  readonly setup: MethodSetup;
  readonly next: NextAction | null;
}

/** Takes in what a gateway says of methods that are to be kept, once. */
@Injectable()
export class SetupOutcomes {
  constructor(
    private readonly database: Database,
    private readonly setups: MethodSetupRepository,
    private readonly methods: PaymentMethodRepository,
    private readonly screening: SetupScreen,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async take(customerId: string, id: string, outcome: SetupOutcome): Promise<SetupSeen> {
    if (outcome.kind === 'errored') {
      // What the gateway could not do says nothing against whoever tried.
      await this.screening.judge(id, false);
      throw paymentProblems.gateway_unreachable(undefined, { retryAfter: 2 });
    }
    const setup = await this.database.transaction(async () => {
      const known = await this.setups.find(customerId, id, true);
      if (known === null) throw platformProblems.not_found();
      if (known.status === 'succeeded' || known.status === 'failed') return known;
      // One that the gateway could not answer before has an answer now.
      if (outcome.kind !== 'ok') await this.screening.judge(id, true);
      await this.setups.change(id, await this.changed(known, outcome));
      return (await this.setups.find(customerId, id)) ?? known;
    });
    if (setup.status === 'failed')
      throw methodProblems.payment_method_declined(undefined, { extra: { declineCode: setup.code } });
    return { setup, next: outcome.kind === 'action_required' ? outcome.next : null };
  }

  private async changed(
    { id, customerId, gateway, makeDefault, ref }: MethodSetup,
    outcome: Exclude<SetupOutcome, { kind: 'errored' }>,
  ): Promise<Pick<MethodSetup, 'ref' | 'status' | 'code' | 'methodId'>> {
    switch (outcome.kind) {
      case 'ok': {
        await this.screening.succeeded(id, outcome.method.fingerprint);
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
