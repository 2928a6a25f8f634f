import { AddressDto } from '../../platform/address/address.dto.js';
import { Nested, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { VAT_ID } from '../seller/seller-profile.dto.js';

export class CancelSubscriptionDto {
  @OneOf(['period_end', 'now'], {
    example: 'period_end',
    description: '`period_end`: what is paid for is still had; `now`: nothing is given back.',
  })
  when: 'period_end' | 'now';

  @Text({ max: 500, optional: true, nullable: true, example: 'Not used any more.' })
  reason?: string | null;
}

export class UpdateSubscriptionDto {
  @Uuid({
    optional: true,
    nullable: true,
    description: 'A method that is kept; null: always the default one.',
  })
  paymentMethodId?: string | null;

  @Nested(() => AddressDto, { optional: true, description: 'Of the next invoices; in the same country.' })
  billingAddress?: AddressDto;

  @Text({
    ...{ ...VAT_ID, optional: true, nullable: true, example: null },
    description: 'It is checked, and from the next invoice on the tax is as it says; null takes it away.',
  })
  vatId?: string | null;
}

export class ReleaseSubscriptionDto {
  @OneOf(['bill', 'skip'], {
    example: 'skip',
    description: '`bill`: every period that was missed; `skip`: only the one that runs now.',
  })
  missed: 'bill' | 'skip';
}
