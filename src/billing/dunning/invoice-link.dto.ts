import {
  Bool,
  CurrencyCode,
  Instant,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Url,
} from '../../platform/http/fields.js';
import { NextActionDto } from '../payment/payment.dto.js';

const TOKEN = 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p';

export class InvoiceLinkTokenDto {
  @Text({ max: 200, description: 'From the link (`token`).', example: TOKEN })
  token: string;
}

export class NewMethodDto {
  @Text({ max: 50, example: 'test', description: 'Code of the gateway; `test` in a sandbox.' })
  gateway: string;

  @Text({ max: 500, example: 'ok', description: 'What the gateway gave you in place of a card.' })
  token: string;

  @Bool({
    optional: true,
    description: 'Keeps it for later, when the customer of the invoice is signed in; nobody else can.',
  })
  save?: boolean;
}

export class PayInvoiceDto extends InvoiceLinkTokenDto {
  @Nested(() => NewMethodDto, {
    optional: true,
    nullable: true,
    description:
      'Left out: the method that was charged before (`method`), now with the customer there to answer the bank.',
  })
  payment?: NewMethodDto | null;

  @Url({ optional: true, nullable: true, description: 'Where the bank sends the payer back to.' })
  returnUrl?: string | null;
}

export const INVOICE_LINK_STATES = ['open', 'in_progress', 'paid', 'closed'] as const;
export type InvoiceLinkState = (typeof INVOICE_LINK_STATES)[number];

/** What a payer needs to know of an invoice, and nothing of whose it is. */
export class DueInvoiceDto {
  @Text({ max: 60, nullable: true, example: '2026-000001' })
  number: string | null;

  @OneOf(INVOICE_LINK_STATES, {
    example: 'open',
    description:
      '`in_progress`: a payment is on its way, see `nextAction`; `paid`: nothing is due; `closed`: nobody expects the money.',
  })
  state: InvoiceLinkState;

  @CurrencyCode()
  currency: string;

  @MoneyField()
  total: MoneyDto;

  @MoneyField()
  amountDue: MoneyDto;

  @Text({ max: 10, nullable: true, example: '2026-12-05' })
  dueDate: string | null;

  @Text({
    max: 80,
    nullable: true,
    example: 'visa •••• 4242',
    description: 'The kept method that is charged when no other is given; null: one has to be given.',
  })
  method: string | null;

  @Nested(() => NextActionDto, { nullable: true, description: 'Where to send the payer next.' })
  nextAction: NextActionDto | null;

  @Instant({ description: 'Until when the link holds.' })
  expiresAt: string;
}
