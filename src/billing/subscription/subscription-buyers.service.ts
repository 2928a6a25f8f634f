import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import type { AddressDto } from '../../platform/address/address.dto.js';
import { toAddress } from '../../platform/address/address.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import type { InvoiceBuyer } from '../invoice/invoice-content.js';
import type { Subscription, SubscriptionBuyer } from './subscription.js';

/** Who is invoiced for a subscription: sealed with the key of the customer, so it is gone when the customer is erased. */
@Injectable()
export class SubscriptionBuyers {
  constructor(
    private readonly keys: SubjectKeys,
    private readonly identity: IdentityApi,
  ) {}

  seal(customerId: string, subscriptionId: string, buyer: SubscriptionBuyer): Promise<Buffer> {
    return this.keys.seal(customerId, placeOf(subscriptionId), JSON.stringify(buyer));
  }

  /** Null when nobody knows it any more. */
  async open({
    id,
    customerId,
    buyer,
  }: Pick<Subscription, 'id' | 'customerId' | 'buyer'>): Promise<SubscriptionBuyer | null> {
    if (customerId === null || buyer === null) return null;
    const text = await this.keys.open(customerId, placeOf(id), buyer);
    if (text === null) return null;
    // Those from before VAT ids were checked say nothing of it.
    const kept = JSON.parse(text) as Omit<SubscriptionBuyer, 'vatCheck'> & Partial<SubscriptionBuyer>;
    return { ...kept, vatCheck: kept.vatCheck ?? null };
  }

  /** As an invoice of today has it, with the present address for letters. */
  async invoiced(subscription: Subscription): Promise<InvoiceBuyer> {
    const buyer = await this.open(subscription);
    const customer =
      subscription.customerId === null ? null : await this.identity.customer(subscription.customerId);
    if (buyer === null || customer === null)
      throw new Error(`nobody knows who pays for subscription ${subscription.id}`);
    const { name, company, address, vatId, vatCheck: check } = buyer;
    const vatCheck = check && { status: check.status, checkedAt: check.checkedAt, ref: check.consultation };
    return { name, company, address, email: customer.email, vatId, vatCheck };
  }
}

/** Whoever is at this address. */
export const buyerOf = (
  address: AddressDto,
  { vatId, vatCheck }: Pick<SubscriptionBuyer, 'vatId' | 'vatCheck'>,
): SubscriptionBuyer => ({
  name: `${address.firstName} ${address.lastName}`,
  company: address.company ?? null,
  address: toAddress(address),
  vatId,
  vatCheck,
});

const placeOf = (id: string): string => `billing.subscriptions|buyer|${id}`;
