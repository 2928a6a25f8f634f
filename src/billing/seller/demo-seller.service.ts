import { system } from '../../platform/access/actor.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { type BannerPart, FirstStart, type FirstStartStep } from '../../platform/start/first-start.js';
import type { SellerProfileInput } from './seller-profile.dto.js';
import { SellerProfileRepository } from './seller-profile.repository.js';
import { SellerProfiles } from './seller-profiles.service.js';

/** Somebody who is nobody. The check digits of the bank account hold: documents print it as a code to pay by. */
const demoSeller: SellerProfileInput = {
  name: 'Guildhall Demo GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  email: 'billing@demo.example',
  iban: 'DE02120300000000202051',
  bic: 'BYLADEM1001',
  timeZone: 'Europe/Berlin',
  notes: ['A sample from a demo store: nothing was sold and nothing is owed.'],
};

/** Says who sells in a demo store that was never told, so that its first order has an invoice. Never in production. */
@FirstStart()
export class DemoSeller implements FirstStartStep {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly rows: SellerProfileRepository,
    private readonly profiles: SellerProfiles,
  ) {}

  async run(): Promise<BannerPart | null> {
    if (this.config.demoStore)
      await this.database.transaction(async () => {
        if (await this.rows.claimUnsaid()) await this.profiles.replace(demoSeller, 0, system('demo'));
      });
    return null;
  }
}
