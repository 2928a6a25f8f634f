import { TOKENS_HELP } from '../../billing/billing.api.js';
import {
  Bool,
  Email,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  Text,
  TrueOr,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { AddressDto } from '../../platform/address/address.dto.js';
import { GiftMessage } from '../cart/gift-message.js';
import { VatId } from '../tax/taxation.dto.js';

const unset = { optional: true, nullable: true } as const;

export class PaymentMethodDto {
  @Text({
    max: 50,
    example: 'test',
    description:
      'Code of the gateway; `test` in a sandbox. `bank_transfer` where the shop takes transfers: the answer says where to.',
  })
  gateway: string;

  @Text({
    max: 500,
    optional: true,
    example: 'ok',
    description: `What the gateway gave the shopper in place of a card; a gateway needs this or \`methodId\`.\n\n${TOKENS_HELP}`,
  })
  token?: string;

  @Uuid({
    ...unset,
    description:
      'In place of a token: a method that the customer who is signed in has kept (`GET /v1/me/payment-methods`).',
  })
  methodId?: string | null;

  @Url({ ...unset, description: 'Where the bank sends the shopper back to.' })
  returnUrl?: string | null;

  @Bool({
    optional: true,
    example: false,
    description:
      'Keeps the method for later, where the customer is signed in: see `GET /v1/me/payment-methods`.',
  })
  save?: boolean;
}

export class CheckoutGiftCardDto {
  @Text({ max: 60, example: '7K3M-0QXA-9VTR-2B4C-HW5N', description: 'Its code, however it is typed.' })
  code: string;
}

export class CheckoutStoreCreditDto {
  @MoneyField({
    ...unset,
    description: 'How much of the order it pays altogether; left out: as much as there is.',
  })
  amount?: MoneyDto | null;
}

/** What is paid with. */
export class TenderDto {
  @Nested(() => PaymentMethodDto, {
    ...unset,
    description: 'Pays what gift cards and store credit leave; not needed when they leave nothing.',
  })
  payment?: PaymentMethodDto | null;

  @ListOf(() => CheckoutGiftCardDto, {
    ...unset,
    max: 5,
    description: 'Pay first, in this order; of the last of them no more than is needed.',
  })
  giftCards?: CheckoutGiftCardDto[] | null;

  @TrueOr(() => CheckoutStoreCreditDto, {
    optional: true,
    example: true,
    properties: { amount: { $ref: '#/components/schemas/MoneyDto' } },
    description:
      'Store credit of the customer who is signed in pays what gift cards leave: `true` for as much as there is, or so ' +
      'much of the order.',
  })
  storeCredit?: true | CheckoutStoreCreditDto;
}

export class CheckoutDto extends TenderDto {
  @MoneyField({
    ...unset,
    description: 'The total that the shopper was shown; when it is another one now, nothing is ordered.',
  })
  expectedTotal?: MoneyDto | null;

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

  @Uuid({ ...unset, description: 'In place of the cart’s: where it is fetched.' })
  pickupPointId?: string | null;

  @GiftMessage({ ...unset, description: 'In place of the cart’s: words that go into the parcel.' })
  giftMessage?: string | null;
}
