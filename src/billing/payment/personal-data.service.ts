import {
  pagesOf,
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { Clock } from '../../platform/clock.js';
import { DunningPeopleRepository } from '../dunning/dunning-people.repository.js';
import { GiftCardPeopleRepository } from '../gift-card/gift-card-people.repository.js';
import { MyPaymentMethods } from '../payment-method/my-payment-methods.service.js';
import { InvoicePeople } from '../invoice/invoice-people.service.js';
import { SubscriptionPeople } from '../subscription/subscription-people.service.js';
import { StoreCreditPeopleRepository } from '../store-credit/store-credit-people.repository.js';
import { StoreCredits } from '../store-credit/store-credits.service.js';
import { PaymentPersonalDataRepository } from './personal-data.repository.js';

/** What billing knows about people: what they paid and got back, and where their invoices go. */
@PersonalData()
export class BillingPersonalData implements PersonalDataProvider {
  readonly name = 'billing';
  readonly turn = 20;

  constructor(
    private readonly rows: PaymentPersonalDataRepository,
    private readonly cards: GiftCardPeopleRepository,
    private readonly credits: StoreCreditPeopleRepository,
    private readonly balances: StoreCredits,
    private readonly methods: MyPaymentMethods,
    private readonly invoices: InvoicePeople,
    private readonly collections: DunningPeopleRepository,
    private readonly clock: Clock,
    private readonly subscriptions: SubscriptionPeople,
  ) {}

  async *collect(subject: Subject): AsyncGenerator<PersonalDataPage> {
    yield* pagesOf<{ id: string }>('payments', (after, limit) => this.rows.payments(subject, after, limit));
    const { customerId } = subject;
    const rows = customerId === null ? [] : (await this.methods.list(customerId)).items;
    yield { section: 'paymentMethods', rows };
    yield* pagesOf<{ id: string }>('giftCards', (after, limit) => this.cards.cards(subject, after, limit));
    yield* pagesOf<{ id: string }>('storeCredit', (after, limit) =>
      this.credits.credits(subject, after, limit),
    );
    yield* pagesOf<{ id: string }>('invoices', (after, limit) =>
      this.invoices.invoices(subject, after, limit),
    );
    yield* pagesOf<{ id: string }>('collections', (after, limit) =>
      this.collections.theirs(customerId, after, limit),
    );
    yield* pagesOf<{ id: string }>('subscriptions', async (after, limit) =>
      customerId === null ? [] : this.subscriptions.subscriptions(customerId, after, limit),
    );
    yield* pagesOf<{ id: string }>('trials', async (after, limit) =>
      customerId === null ? [] : this.subscriptions.trials(customerId, after, limit),
    );
  }

  async hindrances(subject: Subject): Promise<string[]> {
    return (await this.rows.isOpen(subject)) ? ['A payment or a refund is not settled yet.'] : [];
  }

  async erase(subject: Subject): Promise<void> {
    await this.hold(subject);
    // Subscriptions first: a last invoice is made out to somebody.
    if (subject.customerId !== null) await this.subscriptions.erase(subject.customerId);
    // Then the cards: they are found by who paid for them.
    await this.cards.anonymise(subject);
    await this.rows.anonymise(subject);
    // Credit is the customer's alone: nobody could spend what is left.
    if (subject.customerId !== null) await this.balances.forfeit(subject.customerId);
    await this.credits.anonymise(subject);
    if (subject.customerId !== null) {
      await this.methods.erase(subject.customerId);
      await this.collections.anonymise(subject.customerId, this.clock.now());
    }
    await this.invoices.anonymise(subject);
  }

  /**
   * All that others may hold, in the order in which everybody takes it: an end of a subscription makes an invoice, and behind its
   * number nothing is waited for.
   */
  private async hold(subject: Subject): Promise<void> {
    const { customerId } = subject;
    if (customerId !== null) {
      await this.collections.hold(customerId);
      await this.subscriptions.hold(customerId);
    }
    await this.invoices.hold(subject);
    await this.rows.hold(subject);
    await this.cards.hold(subject);
    if (customerId !== null) await this.credits.hold(customerId);
  }
}
