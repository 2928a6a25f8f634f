import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import {
  pagesOf,
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { ProductChanged } from '../catalog.events.js';
import { NoticeAddresses } from '../stock-notice/notice-addresses.service.js';
import { StockNoticeRepository } from '../stock-notice/stock-notice.repository.js';
import { type PurchaseRow, ShopperDataRepository } from './shopper-data.repository.js';

/** What the catalog knows about people: what they say of products, what they bought, looked at and wait for. */
@PersonalData()
export class CatalogPersonalData implements PersonalDataProvider {
  readonly name = 'catalog';
  readonly turn = 25;

  constructor(
    private readonly database: Database,
    private readonly shoppers: ShopperDataRepository,
    private readonly notices: StockNoticeRepository,
    private readonly addresses: NoticeAddresses,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
  ) {}

  async *collect({ customerId, email }: Subject): AsyncGenerator<PersonalDataPage> {
    yield* pagesOf<{ id: string }>('reviews', (after, limit) =>
      this.shoppers.reviews(customerId, after, limit),
    );
    yield* pagesOf<PurchaseRow>('purchases', (after, limit) =>
      this.shoppers.purchases(customerId, after, limit),
    );
    yield* pagesOf<{ place: string }>('recentlyViewed', (after, limit) =>
      this.shoppers.recentlyViewed(customerId, after, limit),
    );
    const hashes = this.addresses.hashes(email);
    yield* pagesOf<{ id: string }>('stockNotices', (after, limit) =>
      this.notices.ofPerson(customerId, hashes, after?.id ?? null, limit),
    );
  }

  hindrances(): Promise<string[]> {
    return Promise.resolve([]);
  }

  /**
   * Of a published review the stars stay, and the mark that it was by a buyer: they say nothing about anybody. Its texts,
   * its name and the answer to it go. Which products were bought together stays, without by whom.
   */
  async erase({ customerId, email }: Subject): Promise<void> {
    await this.notices.forget(customerId, this.addresses.hashes(email));
    if (customerId === null) return;
    const productIds = await this.shoppers.erase(customerId);
    if (productIds.length === 0) return;
    this.outbox.record(new ProductChanged({ productIds }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}
