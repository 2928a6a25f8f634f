import { Injectable } from '@nestjs/common';
import { requireAddresses } from '../../platform/address/address.js';
import { CouponGuesses } from '../coupon/coupon-guesses.service.js';
import { BillingDetails } from './billing-details.service.js';
import { SubscriptionOpening } from './subscription-opening.service.js';
import { SubscriptionReader } from './subscription.reader.service.js';
import { type Answered, SubscriptionSteps } from './subscription-steps.service.js';
import type { UpdateSubscriptionDto } from './subscription-desk.dto.js';
import type { CreateSubscriptionDto, PaySubscriptionDto } from './subscription-opening.dto.js';
import type { SubscriptionDetailDto } from './subscription.dto.js';

/** What customers do with subscriptions of their own, and pay themselves. */
@Injectable()
export class MySubscriptions {
  constructor(
    private readonly guesses: CouponGuesses,
    private readonly opening: SubscriptionOpening,
    private readonly steps: SubscriptionSteps,
    private readonly details: BillingDetails,
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
    const vat = await this.opening.vatOf(wanted, customerId);
    return this.steps.run(201, () => this.opening.open(customerId, wanted, how, vat));
  }

  /** Pays the oldest invoice that is open. 409 `billing.subscription_state` when nothing is owed. */
  async pay(customerId: string, id: string, input: PaySubscriptionDto): Promise<Answered> {
    return this.steps.run(200, () => this.opening.pay(customerId, id, input));
  }

  /** What later invoices are charged to, and whom they are for: see `BillingDetails`. */
  async update(customerId: string, id: string, input: UpdateSubscriptionDto): Promise<SubscriptionDetailDto> {
    await this.details.update(customerId, id, input);
    return this.reader.get(id, customerId);
  }
}
