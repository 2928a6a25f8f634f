import { On, Subscriber } from '../../platform/events/subscribers.js';
import {
  CollectionEnded,
  CollectionFailed,
  InvoiceFinalized,
  InvoiceMoved,
  SubscriptionMoved,
} from '../billing.events.js';
import { LeftoverCredits } from './leftover-credits.service.js';
import { Subscriptions } from './subscriptions.service.js';

/** What becomes of the invoices of subscriptions. */
@Subscriber()
export class SubscriptionSubscribers {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly leftovers: LeftoverCredits,
  ) {}

  /**
   * Paid, credited in full or void: whatever it is, it is not owed any more. What is given up is still owed: nobody has paid, and
   * nothing begins again because of it.
   */
  @On(InvoiceMoved)
  async invoiceMoved({ payload: { invoiceId, subscriptionId, state } }: InvoiceMoved): Promise<void> {
    const isOwed = state === 'open' || state === 'uncollectible';
    if (subscriptionId !== null && !isOwed) await this.subscriptions.invoicePaid(invoiceId);
  }

  /** One that waited as a draft may be paid when it gets its number. */
  @On(InvoiceFinalized)
  async invoiceFinalized({ payload: { invoiceId, subscriptionId, state } }: InvoiceFinalized): Promise<void> {
    if (subscriptionId !== null && state === 'paid') await this.subscriptions.invoicePaid(invoiceId);
  }

  @On(CollectionFailed)
  async collectionFailed({ payload: { invoiceId, subscriptionId } }: CollectionFailed): Promise<void> {
    if (subscriptionId !== null) await this.subscriptions.overdue(invoiceId);
  }

  @On(CollectionEnded)
  async collectionEnded({ payload: { invoiceId, subscriptionId, action } }: CollectionEnded): Promise<void> {
    if (subscriptionId !== null) await this.subscriptions.collectionEnded(invoiceId, action);
  }

  /** Afterwards and on its own: nobody is kept from leaving by what is given back then. */
  @On(SubscriptionMoved)
  async ended({ payload: { subscriptionId, to } }: SubscriptionMoved): Promise<void> {
    if (to === 'canceled') await this.leftovers.giveBack(subscriptionId);
  }
}
