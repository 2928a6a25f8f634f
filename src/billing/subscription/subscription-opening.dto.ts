import { AddressDto } from '../../platform/address/address.dto.js';
import { CurrencyCode, Integer, Nested, OneOf, Text, Url, Uuid } from '../../platform/http/fields.js';
import { VAT_ID } from '../seller/seller-profile.dto.js';
import { type CollectionMode, COLLECTIONS } from './subscription.js';
import { MOST_UNITS } from './subscription.dto.js';

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_HINT = 'must be a date such as 2027-01-31';

/** Whoever opens it. */
export class WantedSubscriptionDto {
  @Uuid()
  planId: string;

  @Integer({ min: 1, max: MOST_UNITS, optional: true, example: 1, description: 'Units; 1 when left out.' })
  quantity?: number;

  @CurrencyCode()
  currency: string;

  @Nested(() => AddressDto, { description: 'Who is invoiced, and by which country’s tax.' })
  billingAddress: AddressDto;

  @Text({
    ...{ ...VAT_ID, optional: true, nullable: true, example: null },
    description:
      'Of a business. One of the EU is checked, now and at renewals: with a valid one of another member state than the seller’s it ' +
      'is charged no tax and accounts for it itself (reverse charge).',
  })
  vatId?: string | null;

  @Uuid({ optional: true, nullable: true, description: 'A method that is kept; null: the default one.' })
  paymentMethodId?: string | null;

  @Text({ max: 60, optional: true, nullable: true, example: null, description: 'Of a coupon.' })
  couponCode?: string | null;

  @Text({
    max: 10,
    pattern: DATE,
    patternHint: DATE_HINT,
    optional: true,
    nullable: true,
    example: '2027-01-01',
  })
  anchorDate?: string | null;

  @Text({
    max: 60,
    optional: true,
    example: 'Europe/Berlin',
    description: 'IANA; when left out, the seller’s.',
  })
  timeZone?: string;
}

export class CreateSubscriptionDto extends WantedSubscriptionDto {
  @Url({ optional: true, nullable: true, description: 'Where the bank sends the customer back to.' })
  returnUrl?: string | null;
}

export class OpenSubscriptionDto extends WantedSubscriptionDto {
  @Uuid({ description: 'Whose it is.' })
  customerId: string;

  @OneOf(COLLECTIONS, {
    optional: true,
    example: 'automatic',
    description:
      '`automatic` (when left out): charged to the method that is kept; `invoice`: the customer is sent each invoice and pays it.',
  })
  collection?: CollectionMode;
}

export class PaySubscriptionDto {
  @Uuid({ optional: true, nullable: true, description: 'A method that is kept; null: the default one.' })
  paymentMethodId?: string | null;

  @Url({ optional: true, nullable: true, description: 'Where the bank sends the customer back to.' })
  returnUrl?: string | null;
}
