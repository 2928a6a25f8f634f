import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import { noMethod } from '../payment-method/payment-method.errors.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import type { CollectionMode, Subscription } from './subscription.js';
import { type BuyersVat, SubscriptionVat } from './subscription-vat.service.js';
import { buyerOf } from './subscription-buyers.service.js';
import { SubscriptionCharges } from './subscription-charges.service.js';
import { SubscriptionOffers } from './subscription-offers.service.js';
import { SubscriptionStarts } from './subscription-starts.service.js';
import type { Done } from './subscription-steps.service.js';
import type { PaySubscriptionDto, WantedSubscriptionDto } from './subscription-opening.dto.js';
import { PAID_STATES } from './lifecycle.js';
import { notFrom } from './subscription.errors.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** How a subscription is paid. */
export interface PaidHow {
  readonly collection: CollectionMode;
  /** The customer is there and can answer the bank, which sends them back there. */
  readonly returnUrl: string | null;
  readonly offSession: boolean;
}

/** The VAT id of who subscribes, and what comes of it. */
type OpenedVat = BuyersVat & Pick<Subscription, 'reverseCharge'>;

/** Opens subscriptions, for the customer who wants one or for staff, and payments of what they owe. */
@Injectable()
export class SubscriptionOpening {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly offers: SubscriptionOffers,
    private readonly starts: SubscriptionStarts,
    private readonly charges: SubscriptionCharges,
    private readonly methods: PaymentMethodRepository,
    private readonly vat: SubscriptionVat,
  ) {}

  /** Before the transaction: what is known of the VAT id that it is to be opened with. `askerId`: see `SubscriptionVat.checked`. */
  async vatOf(
    { vatId = null, billingAddress }: WantedSubscriptionDto,
    askerId: string | null,
  ): Promise<OpenedVat> {
    const checked = await this.vat.checked(vatId, askerId);
    return { ...checked, reverseCharge: await this.vat.isReverseCharged(billingAddress.country, checked) };
  }

  /** In the caller's transaction: the subscription, and the payment of its first invoice, which is to be sent. */
  async open(customerId: string, wanted: WantedSubscriptionDto, how: PaidHow, vat: OpenedVat): Promise<Done> {
    const { billingAddress, paymentMethodId: methodId = null, couponCode = null } = wanted;
    const { collection, returnUrl, offSession } = how;
    const offer = await this.offers.take(customerId, {
      ...wanted,
      country: billingAddress.country,
      reverseCharge: vat.reverseCharge,
    });
    const method = await this.methods.hold(customerId, methodId);
    if (methodId !== null && method === null) throw noMethod('/paymentMethodId', true);
    const buyer = buyerOf(billingAddress, vat);
    const { reverseCharge } = vat;
    const start = { customerId, ...offer, buyer, reverseCharge, methodId, method, couponCode, collection };
    const { subscription, owed } = await this.starts.begin(start);
    const { id } = subscription;
    if (owed === null || method === null) return { id, payment: null };
    const paid = { customerId, method, returnUrl, offSession };
    return { id, payment: await this.charges.open(id, owed.invoiceId, paid) };
  }

  /** In the caller's transaction: the payment of the oldest invoice that is open, by its customer. */
  async pay(
    customerId: string,
    id: string,
    { paymentMethodId, returnUrl = null }: PaySubscriptionDto,
  ): Promise<Done> {
    const subscription = await this.rows.lock(id);
    if (subscription?.customerId !== customerId) throw platformProblems.not_found();
    const method = await this.methods.find(customerId, paymentMethodId ?? subscription.methodId);
    if (method === null) throw noMethod('/paymentMethodId', Boolean(paymentMethodId));
    const [owed] = await this.rows.openInvoices(id);
    const { state } = subscription;
    if (owed === undefined || !PAID_STATES.includes(state))
      throw notFrom(state, PAID_STATES, 'It owes nothing: no invoice of it is open.');
    const paid = { customerId, method, returnUrl, offSession: false };
    return { id, payment: await this.charges.open(id, owed.id, paid) };
  }
}
