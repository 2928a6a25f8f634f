import { Injectable } from '@nestjs/common';
import { ExpiringCreditDto, type MyStoreCreditDto, MyStoreCreditEntryDto } from './store-credit.dto.js';
import { StoreCreditRepository } from './store-credit.repository.js';
import { balanceOf, StoreCredits } from './store-credits.service.js';

const ENTRIES = 100;

/** Store credit as its customer reads it. */
@Injectable()
export class MyStoreCredit {
  constructor(
    private readonly credits: StoreCredits,
    private readonly rows: StoreCreditRepository,
  ) {}

  /** In each currency what can be spent now, what of it ends one day, and the last changes. */
  async of(customerId: string): Promise<MyStoreCreditDto> {
    const items = [];
    for (const credit of await this.rows.ofCustomer(customerId)) {
      const { id, currency } = credit;
      const [lots, entries] = await Promise.all([
        this.credits.livingLots(id),
        this.rows.entries(id, null, ENTRIES),
      ]);
      items.push({
        balance: balanceOf(credit).minus(lots.expired(currency)).toJSON(),
        expiring: lots.living.map((lot) => ExpiringCreditDto.from(lot, currency)),
        entries: entries.map((entry) => MyStoreCreditEntryDto.from(entry, currency)),
      });
    }
    return { items };
  }
}
