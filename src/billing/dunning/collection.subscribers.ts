import { Database } from '../../platform/database/database.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import {
  CollectionRequested,
  DefaultMethodChanged,
  InvoiceFinalized,
  InvoiceMoved,
  PaymentActionRequired,
  PaymentCanceled,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReviewRequired,
} from '../billing.events.js';
import { CollectionCharges } from './collection-charges.service.js';
import { CollectionNews } from './collection-news.service.js';
import { Collections } from './collections.service.js';

/** What became of the payments of invoices that are collected, and of the invoices themselves. */
@Subscriber()
export class CollectionSubscribers {
  constructor(
    private readonly database: Database,
    private readonly news: CollectionNews,
    private readonly collections: Collections,
    private readonly charges: CollectionCharges,
  ) {}

  @On(PaymentCaptured)
  captured({ payload }: PaymentCaptured): Promise<void> {
    return this.heard(payload);
  }

  @On(PaymentDeclined)
  declined({ payload }: PaymentDeclined): Promise<void> {
    return this.heard(payload);
  }

  @On(PaymentActionRequired)
  actionRequired({ payload }: PaymentActionRequired): Promise<void> {
    return this.heard(payload);
  }

  @On(PaymentReviewRequired)
  reviewRequired({ payload }: PaymentReviewRequired): Promise<void> {
    return this.heard(payload);
  }

  @On(PaymentCanceled)
  async canceled({ payload: { invoiceId } }: PaymentCanceled): Promise<void> {
    if (invoiceId !== null) await this.news.resume(invoiceId);
  }

  @On(InvoiceFinalized)
  async finalized({ payload: { invoiceId, subscriptionId, state } }: InvoiceFinalized): Promise<void> {
    if (subscriptionId !== null) await this.news.settled(invoiceId, state);
  }

  @On(InvoiceMoved)
  async moved({ payload: { invoiceId, orderId, state } }: InvoiceMoved): Promise<void> {
    if (orderId === null) await this.news.settled(invoiceId, state);
  }

  /** The job is behind it: what dies here is charged a minute later, and what was begun is begun once. */
  @On(CollectionRequested, { transactional: false })
  async requested({ payload: { invoiceId } }: CollectionRequested): Promise<void> {
    await this.charges.of(invoiceId);
  }

  /** Whoever has just kept another method waits to see that it works. */
  @On(DefaultMethodChanged, { transactional: false })
  async methodChanged({ id, payload: { customerId, methodId } }: DefaultMethodChanged): Promise<void> {
    await this.database.transaction(() => this.collections.tryNow(customerId, methodId, id));
    // Also what an earlier run, which died, had put on the calendar.
    while (await this.charges.next());
  }

  private async heard({ invoiceId }: { invoiceId: string | null }): Promise<void> {
    if (invoiceId !== null) await this.news.hear(invoiceId);
  }
}
