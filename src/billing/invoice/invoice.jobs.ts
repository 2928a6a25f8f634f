import { Logger } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { SellerProfileChanged } from '../billing.events.js';
import { missingOf } from '../seller/seller-profile.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import { InvoiceRepository } from './invoice.repository.js';
import { OrderDocuments } from './order-documents.service.js';

const AT_ONCE = 50;

/** Finalises what waited for the seller to say who it is. */
@Subscriber()
export class InvoiceJobs {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly rows: InvoiceRepository,
    private readonly documents: OrderDocuments,
    private readonly sellers: SellerProfiles,
  ) {}

  @On(SellerProfileChanged, { transactional: false })
  sellerChanged(_: SellerProfileChanged): Promise<void> {
    return this.finalizeDrafts();
  }

  /**
   * The oldest first, each once and in a transaction of its own, so that the numbers are in the order of the sales. One that fails
   * keeps nobody else from a number.
   */
  @Every('10m', 'billing.invoice_drafts')
  async finalizeDrafts(): Promise<void> {
    const missing = missingOf(await this.sellers.current());
    for (let after: string | null = null, more = true; more;) {
      const drafts = await this.rows.drafts(after, AT_ONCE);
      if (drafts.length === 0) return;
      if (missing.length > 0)
        return this.log.warn(`invoices wait for the seller's profile: ${missing.join(', ')} is missing`);
      for (const draft of drafts)
        await this.database
          .transaction(() => this.documents.finalizeDraft(draft))
          .catch((error: unknown) =>
            this.log.error(`the draft ${draft.id} is not finalised: ${String(error)}`),
          );
      after = drafts.at(-1)?.id ?? null;
      more = drafts.length === AT_ONCE;
    }
  }
}
