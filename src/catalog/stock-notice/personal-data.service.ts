import {
  pagesOf,
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { NoticeAddresses } from './notice-addresses.service.js';
import { StockNoticeRepository } from './stock-notice.repository.js';

/** What the catalog knows about people: what they wait for. */
@PersonalData()
export class CatalogPersonalData implements PersonalDataProvider {
  readonly name = 'catalog';
  readonly turn = 25;

  constructor(
    private readonly notices: StockNoticeRepository,
    private readonly addresses: NoticeAddresses,
  ) {}

  async *collect({ customerId, email }: Subject): AsyncGenerator<PersonalDataPage> {
    const hashes = this.addresses.hashes(email);
    yield* pagesOf<{ id: string }>('stockNotices', (after, limit) =>
      this.notices.ofPerson(customerId, hashes, after?.id ?? null, limit),
    );
  }

  hindrances(): Promise<string[]> {
    return Promise.resolve([]);
  }

  async erase({ customerId, email }: Subject): Promise<void> {
    await this.notices.forget(customerId, this.addresses.hashes(email));
  }
}
