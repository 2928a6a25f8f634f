import {
  Bool,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { TotalsDto } from '../cart/cart.dto.js';
import { TenderDto } from '../checkout/checkout.dto.js';
import { OrderNextActionDto } from '../order/order.dto.js';

const unset = { optional: true, nullable: true } as const;
const TOKEN = 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p';

export class PaymentLinkParams {
  @Uuid()
  id: string;
}

export class CreatePaymentLinkDto {
  @Instant({
    ...unset,
    description: 'Until when it holds, within 90 days. Left out: for `PAYMENT_LINK_DAYS` (7).',
  })
  expiresAt?: string | null;

  @Bool({ optional: true, description: 'Whether it is mailed to the buyer. It is not, unless told so.' })
  mail?: boolean;
}

export class PaymentLinkDto {
  @Uuid()
  id: string;

  @Url({ description: 'A page of the shop, with the token of the link; told only here.' })
  url: string;

  @MoneyField()
  amountDue: MoneyDto;

  @Instant()
  expiresAt: string;
}

export class PaymentLinkTokenDto {
  @Text({ max: 200, description: 'From the link (`token`).', example: TOKEN })
  token: string;
}

export class PayByLinkDto extends TenderDto {
  @Text({ max: 200, description: 'From the link (`token`).', example: TOKEN })
  token: string;
}

export class DueLineDto {
  @Text({ max: 500 })
  title: string;

  @Text({ max: 500, nullable: true })
  variantTitle: string | null;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 0, max: 999 })
  quantity: number;

  @MoneyField({ description: 'What the line costs.' })
  total: MoneyDto;
}

export const LINK_STATES = ['open', 'in_progress', 'paid'] as const;

/** What a payer needs to know of an order, and nothing of whose it is. */
export class DueOrderDto {
  @Text({ max: 30, example: '1042' })
  orderNumber: string;

  @OneOf(LINK_STATES, {
    description: '`in_progress`: a payment is on its way, see `nextAction`; `paid`: nothing is due.',
  })
  state: string;

  @CurrencyCode()
  currency: string;

  @MoneyField()
  amountDue: MoneyDto;

  @Nested(() => TotalsDto)
  totals: TotalsDto;

  @ListOf(() => DueLineDto, { max: 1000 })
  lines: DueLineDto[];

  @Nested(() => OrderNextActionDto, { nullable: true, description: 'Where to send the payer next.' })
  nextAction: OrderNextActionDto | null;

  @Instant({ description: 'Until when the link holds.' })
  expiresAt: string;
}
