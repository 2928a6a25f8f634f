import { Injectable } from '@nestjs/common';
import {
  pagesOf,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { NoticeAddresses } from './notice-addresses.service.js';
import { StockNoticeRepository } from './stock-notice.repository.js';

/** What somebody waits for. */
@Injectable()
export class StockNoticePersonalData implements Pick<PersonalDataProvider, 'collect' | 'erase'> {
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

  async erase({ customerId, email }: Subject): Promise<void> {
    await this.notices.forget(customerId, this.addresses.hashes(email));
  }
}
