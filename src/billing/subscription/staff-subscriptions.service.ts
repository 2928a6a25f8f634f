import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { requireAddresses } from '../../platform/address/address.js';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SubscriptionOpening } from './subscription-opening.service.js';
import { type Answered, SubscriptionSteps } from './subscription-steps.service.js';
import type { OpenSubscriptionDto } from './subscription-opening.dto.js';

/** Subscriptions that staff open for a customer, who is not there. */
@Injectable()
export class StaffSubscriptions {
  constructor(
    private readonly opening: SubscriptionOpening,
    private readonly steps: SubscriptionSteps,
    private readonly identity: IdentityApi,
    private readonly audit: Audit,
  ) {}

  /** A repeat with the same key goes on where a dead request stopped. 400 for a customer whom nobody knows, or who is being erased. */
  async open(
    { customerId, collection = 'automatic', ...wanted }: OpenSubscriptionDto,
    actor: Actor,
  ): Promise<Answered> {
    requireAddresses({ '/billingAddress': wanted.billingAddress });
    const vat = await this.opening.vatOf(wanted, null);
    return this.steps.run(201, async () => {
      if (!(await this.identity.holdCustomer(customerId)))
        throw platformProblems.invalid_input(undefined, {
          errors: [{ pointer: '/customerId', code: 'unknown', message: 'is the id of no customer' }],
        });
      const how = { collection, returnUrl: null, offSession: true };
      const done = await this.opening.open(customerId, wanted, how, vat);
      this.audit.record({
        ...{ actor, action: 'billing.subscription.opened', subjectType: 'subscription', subjectId: done.id },
        details: { customerId, planId: wanted.planId, quantity: wanted.quantity ?? 1, collection },
      });
      return done;
    });
  }
}
