import { Injectable } from '@nestjs/common';
import { requireAddresses } from '../../platform/address/address.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CouponGuesses } from '../coupon/coupon-guesses.service.js';
import { noMethod } from '../payment-method/payment-method.errors.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { buyerOf, SubscriptionBuyers } from './subscription-buyers.service.js';
import { SubscriptionOpening } from './subscription-opening.service.js';
import { SubscriptionReader } from './subscription.reader.service.js';
import { type Answered, SubscriptionSteps } from './subscription-steps.service.js';
import type { UpdateSubscriptionDto } from './subscription-desk.dto.js';
import type { CreateSubscriptionDto, PaySubscriptionDto } from './subscription-opening.dto.js';
import type { SubscriptionDetailDto } from './subscription.dto.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** What customers do with subscriptions of their own, and pay themselves. */
@Injectable()
export class MySubscriptions {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly guesses: CouponGuesses,
    private readonly opening: SubscriptionOpening,
    private readonly steps: SubscriptionSteps,
    private readonly methods: PaymentMethodRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly reader: SubscriptionReader,
  ) {}

  /** A repeat with the same key goes on where a dead request stopped. 429 for who has tried too many codes. */
  async create(
    customerId: string,
    { returnUrl = null, ...wanted }: CreateSubscriptionDto,
  ): Promise<Answered> {
    requireAddresses({ '/billingAddress': wanted.billingAddress });
    if (wanted.couponCode) await this.guesses.check(customerId, wanted.couponCode);
    const how = { collection: 'automatic', returnUrl, offSession: false } as const;
    return this.steps.run(201, () => this.opening.open(customerId, wanted, how));
  }

  /** Pays the oldest invoice that is open. 409 `billing.subscription_state` when nothing is owed. */
  async pay(customerId: string, id: string, input: PaySubscriptionDto): Promise<Answered> {
    return this.steps.run(200, () => this.opening.pay(customerId, id, input));
  }

  /** What later invoices are charged to, and whom they are for. Another country is another contract: 400. */
  async update(
    customerId: string,
    id: string,
    { paymentMethodId, billingAddress, vatId }: UpdateSubscriptionDto,
  ): Promise<SubscriptionDetailDto> {
    requireAddresses({ '/billingAddress': billingAddress });
    return this.database.transaction(async () => {
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
      const vat = vatId === undefined ? present.vatId : vatId;
      const buyer = billingAddress ? buyerOf(billingAddress, vat) : { ...present, vatId: vat };
      await this.rows.change(subscription, {
        buyer: await this.buyers.seal(customerId, id, buyer),
        methodId: paymentMethodId === undefined ? subscription.methodId : paymentMethodId,
      });
      return this.reader.get(id, customerId);
    });
  }
}
