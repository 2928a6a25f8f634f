import { TOKENS_HELP } from '../../billing/billing.api.js';
import { Email, MoneyDto, MoneyField, Nested, Text, Url, Uuid } from '../../platform/http/fields.js';
import { AddressDto } from '../../platform/address/address.dto.js';
import { VatId } from '../tax/taxation.dto.js';

const unset = { optional: true, nullable: true } as const;

export class PaymentMethodDto {
  @Text({ max: 50, example: 'test', description: 'Code of the gateway; `test` in a sandbox.' })
  gateway: string;

  @Text({
    max: 500,
    example: 'ok',
    description: `What the gateway gave the shopper in place of a card.\n\n${TOKENS_HELP}`,
  })
  token: string;

  @Url({ ...unset, description: 'Where the bank sends the shopper back to.' })
  returnUrl?: string | null;
}

export class CheckoutDto {
  @MoneyField({
    ...unset,
    description: 'The total that the shopper was shown; when it is another one now, nothing is ordered.',
  })
  expectedTotal?: MoneyDto | null;

  @Nested(() => PaymentMethodDto)
  payment: PaymentMethodDto;

  @Email({ ...unset, description: 'In place of the cart’s.' })
  email?: string | null;

  @Nested(() => AddressDto, { ...unset, description: 'In place of the cart’s.' })
  shippingAddress?: AddressDto | null;

  @Nested(() => AddressDto, { ...unset, description: 'In place of the cart’s; null: the same as shipping.' })
  billingAddress?: AddressDto | null;

  @VatId({ description: 'In place of the cart’s: the VAT id of a business.' })
  vatId?: string | null;

  @Uuid({ ...unset, description: 'In place of the cart’s; without one the cheapest that fits.' })
  shippingOptionId?: string | null;
}
