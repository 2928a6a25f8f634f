import { BillingApi } from '../../billing/billing.api.js';
import {
  pagesOf,
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { VatAnswers } from '../../platform/vat/vat-answers.js';
import { ReminderRepository } from '../abandoned-cart/reminder.repository.js';
import { SavedLineRepository } from '../saved-line/saved-line.repository.js';
import { ExemptionRepository } from '../tax/exemption.repository.js';
import { TaxAnswersRepository } from '../tax/tax-answers.repository.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { BasketRepository } from '../subscription/basket.repository.js';
import { OrderPersonalDataRepository } from './personal-data.repository.js';

/** What ordering knows about people: what they bought and were about to buy. */
@PersonalData()
export class OrderingPersonalData implements PersonalDataProvider {
  readonly name = 'ordering';
  readonly turn = 10;

  constructor(
    private readonly rows: OrderPersonalDataRepository,
    private readonly billing: BillingApi,
    private readonly limits: PurchaseLimits,
    private readonly saved: SavedLineRepository,
    private readonly reminders: ReminderRepository,
    private readonly exemptions: ExemptionRepository,
    private readonly taxAnswers: TaxAnswersRepository,
    private readonly vatAnswers: VatAnswers,
    private readonly baskets: BasketRepository,
  ) {}

  async *collect(subject: Subject): AsyncGenerator<PersonalDataPage> {
    yield* pagesOf<{ id: string }>('orders', (after, limit) => this.rows.orders(subject, after, limit));
    yield* pagesOf<{ id: string }>('carts', (after, limit) => this.rows.carts(subject, after, limit));
    yield* pagesOf<{ id: string }>('draftOrders', (after, limit) =>
      this.rows.draftOrders(subject, after, limit),
    );
    yield* pagesOf<{ id: string }>('savedLines', (after, limit) =>
      this.saved.ofCustomer(subject.customerId, after, limit),
    );
    yield { section: 'cartLetterRefusals', rows: await this.reminders.refusalOf(subject.customerId) };
    const { customerId } = subject;
    if (customerId !== null) {
      yield* pagesOf<{ id: string }>('subscriptionBaskets', (after, limit) =>
        this.baskets.ofCustomer(customerId, after, limit),
      );
      yield* pagesOf<{ id: string }>('taxExemptions', (after, limit) =>
        this.exemptions.list(customerId, after?.id ?? null, limit),
      );
    }
    yield* pagesOf<{ variantId: string }>('limitedPurchases', (after, limit) =>
      this.limits.countsOf(subject, after?.variantId ?? null, limit),
    );
  }

  /** Goods that are paid have to be sent somewhere, and money that may still come has to belong to somebody. */
  async hindrances(subject: Subject): Promise<string[]> {
    return (await this.rows.open(subject)).map(({ number, isPaid }) =>
      isPaid ? `Order ${number} is paid and not shipped yet.` : `Order ${number} waits for its payment.`,
    );
  }

  async erase(subject: Subject): Promise<void> {
    // By the VAT ids in carts and orders, so before these.
    await this.vatAnswers.forgetAll(await this.taxAnswers.vatIdsOf(subject));
    // In the order of all locks: carts and drafts, payments, orders.
    await this.rows.deleteCarts(subject);
    await this.rows.deleteDraftOrders(subject);
    for (const orderId of await this.rows.orderIds(subject)) await this.billing.lockPaymentsOf(orderId);
    await this.rows.anonymiseOrders(subject);
    await this.saved.forget(subject.customerId);
    await this.reminders.forget(subject.customerId);
    await this.limits.forget(subject);
    if (subject.customerId !== null) {
      await this.exemptions.deleteOf(subject.customerId);
      await this.baskets.forget(subject.customerId);
    }
  }
}
