import { Injectable } from '@nestjs/common';
import { requireAddresses } from '../../platform/address/address.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { noMethod } from '../payment-method/payment-method.errors.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { namesBuyer, type PlanTax, taxIn } from '../plan/plan.js';
import { PlanRepository } from '../plan/plan.repository.js';
import { statesBefore } from './lifecycle.js';
import { PendingLineRepository } from './pending-line.repository.js';
import { periodOf, startOfDay } from './periods.js';
import type { Subscription } from './subscription.js';
import { buyerOf, SubscriptionBuyers } from './subscription-buyers.service.js';
import { SubscriptionVat } from './subscription-vat.service.js';
import type { UpdateSubscriptionDto } from './subscription-desk.dto.js';
import { subscriptionProblems } from './subscription.errors.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** What later invoices of a subscription are charged to, and whom they are for. */
@Injectable()
export class BillingDetails {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly plans: PlanRepository,
    private readonly pending: PendingLineRepository,
    private readonly methods: PaymentMethodRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly vat: SubscriptionVat,
  ) {}

  /**
   * By its customer. Another country is another contract: 400. A VAT id is checked first, and from the next invoice on the tax is as it
   * says: without one a business is taxed as a consumer is. 422 `billing.vat_id_needed` when it is to go and the terms need it.
   */
  async update(
    customerId: string,
    id: string,
    { paymentMethodId, billingAddress, vatId }: UpdateSubscriptionDto,
  ): Promise<void> {
    requireAddresses({ '/billingAddress': billingAddress });
    const sent = vatId === undefined ? null : await this.vat.checked(vatId, customerId);
    await this.database.transaction(async () => {
      const subscription = await this.rows.lock(id);
      if (subscription?.customerId !== customerId) throw platformProblems.not_found();
      if (paymentMethodId && (await this.methods.find(customerId, paymentMethodId)) === null)
        throw noMethod('/paymentMethodId', true);
      if (billingAddress && billingAddress.country !== subscription.country)
        throw platformProblems.invalid_input('The country of a subscription stays.', {
          errors: [{ pointer: '/billingAddress/country', code: 'fixed', message: 'must stay' }],
        });
      const present = await this.buyers.open(subscription);
      if (present === null) throw platformProblems.not_found();
      const vat = sent ?? present;
      if (vat.vatId === null && present.vatId !== null && (await this.needsVatId(subscription)))
        throw subscriptionProblems.vat_id_needed(STAYS, {
          errors: [{ pointer: '/vatId', code: 'needed', message: 'must stay, or be another one' }],
        });
      const buyer = billingAddress
        ? buyerOf(billingAddress, vat)
        : { ...present, vatId: vat.vatId, vatCheck: vat.vatCheck };
      await this.rows.change(subscription, {
        buyer: await this.buyers.seal(customerId, id, buyer),
        reverseCharge: await this.vat.isReverseCharged(subscription.country, vat),
        methodId: paymentMethodId === undefined ? subscription.methodId : paymentMethodId,
      });
    });
  }

  /**
   * Under the lock of the subscription: whether an invoice to come would have to name the VAT id. For what it is for now and from the
   * next period on, for what of the running one may be given back, and for what waits.
   */
  private async needsVatId(subscription: Subscription): Promise<boolean> {
    const { id, state, schedule, nextPeriod, scheduledChange } = subscription;
    if (!statesBefore('cancel').includes(state)) return false;
    const { terms, tax } = await this.rows.item(id);
    const next = startOfDay(periodOf(schedule, nextPeriod).start, schedule.zone);
    const later =
      scheduledChange === null
        ? await this.plans.succeeding(terms, next)
        : await this.plans.version(scheduledChange.planVersionId);
    const without = { ...subscription, reverseCharge: false };
    const taxes: (PlanTax | null)[] = [taxIn(terms, without), later && taxIn(later, without)];
    // What the check of the id has taken away comes back with the next invoice.
    if (tax?.included === undefined) taxes.push(tax);
    taxes.push(...(await this.pending.waiting(id)).map((line) => line.tax));
    return taxes.some((one) => one !== null && namesBuyer(one));
  }
}

const STAYS =
  'The tax of this subscription needs the VAT id. Send another one in its place, change to a plan that is taxed otherwise, or cancel.';
