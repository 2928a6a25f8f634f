import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { Database } from '../../platform/database/database.js';
import { Problem } from '../../platform/http/problem.js';
import { isBusinessAbroad, isWithinUnion } from '../../platform/vat/reverse-charge.js';
import { plainVatId, vatFault, type VatVerdict } from '../../platform/vat/vat-id.js';
import { VatRegister } from '../../platform/vat/vat-register.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import type { SubscriptionBuyer } from './subscription.js';
import { SubscriptionBuyers } from './subscription-buyers.service.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** Of a buyer, as it is kept. */
export type BuyersVat = Pick<SubscriptionBuyer, 'vatId' | 'vatCheck'>;

/** Questions to the register that a customer may cause in an hour. */
const QUOTA = { free: 10, windowSeconds: 3_600 };
const NONE: BuyersVat = { vatId: null, vatCheck: null };

/** The VAT ids of subscribers: what the register says of them, and whether the buyer accounts for the tax. */
@Injectable()
export class SubscriptionVat {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly register: VatRegister,
    private readonly sellers: SellerProfiles,
    private readonly identity: IdentityApi,
  ) {}

  /**
   * With no transaction open: a VAT id with what is known of it. 400 at `/vatId` when it cannot be one of the Union; one from
   * elsewhere is printed and says nothing. `customerId`: who sends it, whose questions are counted: who has asked too often has it
   * unverified, and is kept from nothing; null: staff.
   */
  async checked(vatId: string | null, customerId: string | null): Promise<BuyersVat> {
    if (vatId === null) return NONE;
    if (isOfElsewhere(vatId)) return { vatId, vatCheck: null };
    const mayAsk =
      customerId === null
        ? null
        : async () => (await this.identity.countAbout('subscription-vat-checks', customerId, QUOTA)) === 0;
    return this.register.checked(vatId, mayAsk);
  }

  /** Whether a buyer in this country accounts for the tax: a business of another member state than the seller's. */
  async isReverseCharged(country: string, { vatId, vatCheck }: BuyersVat): Promise<boolean> {
    const { address, unverifiedVatIds: unverified } = await this.sellers.current();
    if (address === null || !isWithinUnion(address.country, country)) return false;
    return isBusinessAbroad(vatId, vatCheck, { country: address.country, unverified });
  }

  /**
   * With no transaction open, before a period is billed: the register is asked again where the tax goes by it and its last answer is
   * more than a day old. One that is away holds nothing up: its last answer stands.
   */
  async refresh(subscriptionId: string): Promise<void> {
    const subscription = await this.rows.find(subscriptionId);
    const buyer = subscription && (await this.buyers.open(subscription));
    if (!subscription || !buyer || buyer.vatId === null) return;
    const { address } = await this.sellers.current();
    const isAbroad = address !== null && isWithinUnion(address.country, subscription.country);
    const vatCheck = isAbroad ? await this.latest(buyer.vatId, buyer.vatCheck) : buyer.vatCheck;
    const reverseCharge = await this.isReverseCharged(subscription.country, { ...buyer, vatCheck });
    if (vatCheck === buyer.vatCheck && reverseCharge === subscription.reverseCharge) return;
    await this.database.transaction(async () => {
      const present = await this.rows.lock(subscriptionId);
      const known = present && (await this.buyers.open(present));
      // Whoever has sent another one meanwhile has had that checked.
      if (!present?.customerId || known?.vatId !== buyer.vatId) return;
      const sealed = await this.buyers.seal(present.customerId, subscriptionId, { ...known, vatCheck });
      await this.rows.change(present, { buyer: sealed, reverseCharge });
    });
  }

  private async latest(vatId: string, last: VatVerdict | null): Promise<VatVerdict | null> {
    if (isOfElsewhere(vatId) || (last !== null && this.register.isCurrent(last))) return last;
    try {
      const { vatCheck } = await this.register.checked(vatId, null);
      return vatCheck.status === 'unverified' && last !== null ? last : vatCheck;
    } catch (error) {
      // One that was kept before ids were looked at, and cannot be one: it says nothing.
      if (error instanceof Problem) return last;
      throw error;
    }
  }
}

const isOfElsewhere = (vatId: string): boolean => vatFault(plainVatId(vatId)) === 'unknown_country';
