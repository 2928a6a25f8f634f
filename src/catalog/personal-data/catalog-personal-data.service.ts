import {
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { StockNoticePersonalData } from '../stock-notice/personal-data.service.js';
import { ShopperPersonalData } from './shopper-personal-data.service.js';

/** What the catalog knows about people, part by part. */
@PersonalData()
export class CatalogPersonalData implements PersonalDataProvider {
  readonly name = 'catalog';
  readonly turn = 25;
  private readonly parts: Pick<PersonalDataProvider, 'collect' | 'erase'>[];

  constructor(shoppers: ShopperPersonalData, notices: StockNoticePersonalData) {
    this.parts = [shoppers, notices];
  }

  async *collect(subject: Subject): AsyncGenerator<PersonalDataPage> {
    for (const part of this.parts) yield* part.collect(subject);
  }

  hindrances(): Promise<string[]> {
    return Promise.resolve([]);
  }

  async erase(subject: Subject): Promise<void> {
    for (const part of this.parts) await part.erase(subject);
  }
}
