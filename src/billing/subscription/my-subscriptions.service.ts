import { Injectable } from '@nestjs/common';
import { type AddressDto } from '../../platform/address/address.dto.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { SubscriptionBuyers } from './subscription-buyers.service.js';
import type { SubscriptionBuyer } from './subscription.js';
import { SubscriptionOffers } from './subscription-offers.service.js';
import { type OpenedPayment, SubscriptionCharges } from './subscription-charges.service.js';
import { SubscriptionPayments } from './subscription-payments.service.js';
import { SubscriptionReader } from './subscription.reader.service.js';
import { SubscriptionStarts } from './subscription-starts.service.js';
import type {
  CreateSubscriptionDto,
  PaySubscriptionDto,
  SubscriptionDetailDto,
  UpdateSubscriptionDto,
} from './subscription.dto.js';
import { subscriptionProblems } from './subscription.errors.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** What a request had done when it died: which subscription, and the payment that was opened for it. */
interface Done {
  readonly id: string;
  readonly payment: OpenedPayment | null;
}

interface Answered {
  readonly status: 200 | 201 | 202;
  readonly body: string;
}

/** What customers do with subscriptions of their own, and pay themselves. */
@Injectable()
export class MySubscriptions {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly offers: SubscriptionOffers,
    private readonly starts: SubscriptionStarts,
    private readonly charges: SubscriptionCharges,
    private readonly payments: SubscriptionPayments,
    private readonly methods: PaymentMethodRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly reader: SubscriptionReader,
  ) {}

  /** A repeat with the same key goes on where a dead request stopped. */
  async create(customerId: string, input: CreateSubscriptionDto): Promise<Answered> {
    const { billingAddress, vatId = null, returnUrl = null, paymentMethodId: methodId = null } = input;
    requireAddresses({ '/billingAddress': billingAddress });
    const couponCode = input.couponCode ?? null;
    await this.offers.checkCoupon(customerId, couponCode);
    return this.inSteps(201, async () => {
      const offer = await this.offers.take(customerId, { ...input, country: billingAddress.country });
      const method = await this.methods.find(customerId, methodId);
      if (methodId !== null && method === null) throw methodProblems.no_payment_method();
      const buyer = buyerOf(billingAddress, vatId);
      const how = { buyer, methodId, method, couponCode, collection: 'automatic' as const };
      const { subscription, owed } = await this.starts.begin({ customerId, ...offer, ...how });
      const { id } = subscription;
      if (owed === null || method === null) return { id, payment: null };
      return { id, payment: await this.charges.open(id, owed.invoiceId, { customerId, method, returnUrl }) };
    });
  }

  /** Pays the oldest invoice that is open. 409 `billing.subscription_state` when nothing is owed. */
  async pay(customerId: string, id: string, input: PaySubscriptionDto): Promise<Answered> {
    const { paymentMethodId = null, returnUrl = null } = input;
    return this.inSteps(200, async () => {
      const subscription = await this.rows.lock(id);
      if (subscription?.customerId !== customerId) throw platformProblems.not_found();
      const method = await this.methods.find(customerId, paymentMethodId ?? subscription.methodId);
      if (method === null) throw methodProblems.no_payment_method();
      const [owed] = await this.rows.openInvoices(id);
      const isOver = subscription.state === 'incomplete_expired';
      if (owed === undefined || isOver) throw subscriptionProblems.subscription_state();
      return { id, payment: await this.charges.open(id, owed.id, { customerId, method, returnUrl }) };
    });
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
        throw methodProblems.no_payment_method();
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

  /** Write down and commit; ask the gateway with no transaction open; take in what came of it, with the answer. */
  private async inSteps(done: 200 | 201, prepare: () => Promise<Done>): Promise<Answered> {
    const request = Idempotency.current();
    if (request === null) throw new Error('a subscription is paid only with an Idempotency-Key');
    const { id, payment } =
      (request.resume as Done | null) ??
      (await this.database.transaction(async () => {
        const prepared = await prepare();
        await request.remember(prepared);
        return prepared;
      }));
    const answer = async (): Promise<Answered> => {
      const seen = await this.reader.get(id);
      const status = seen.state === 'incomplete' || seen.payment?.status === 'processing' ? 202 : done;
      return { status, body: request.answer(status, seen) };
    };
    return payment === null ? this.database.transaction(answer) : this.payments.finish(payment, answer);
  }
}

const buyerOf = (address: AddressDto, vatId: string | null): SubscriptionBuyer => ({
  name: `${address.firstName} ${address.lastName}`,
  company: address.company ?? null,
  address: toAddress(address),
  vatId,
});
