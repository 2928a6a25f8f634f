import { AddressDto } from '../../platform/address/address.dto.js';
import {
  Bool,
  CurrencyCode,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
  TextList,
} from '../../platform/http/fields.js';
import { type InvoiceContent, TAX_CATEGORIES } from './invoice-content.js';

const DAY = { max: 10, example: '2026-11-21' };

export class InvoiceTaxDto {
  @OneOf(TAX_CATEGORIES, {
    description:
      'EN 16931: `S` taxed, `Z` zero rate, `E` exempt, `AE` reverse charge, `K` within the Union, `G` export, `O` not subject to VAT.',
    example: 'S',
  })
  category: string;

  @Integer({ min: 0, max: 10_000_000, description: 'Millionths: 19 % is 190000.', example: 190_000 })
  ratePpm: number;

  @Text({ max: 200, example: 'VAT 19 %' })
  title: string;

  @Text({ max: 100, description: 'Who levies it.', example: 'DE' })
  jurisdiction: string;

  @Nested(() => SignedMoneyDto)
  base: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  amount: SignedMoneyDto;

  @Text({ max: 1000, nullable: true, description: 'Why nothing is charged.', example: null })
  reason: string | null;
}

export class PeriodDto {
  @Text(DAY)
  start: string;

  @Text({ ...DAY, description: 'The last day.' })
  end: string;
}

export class InvoiceLineDto {
  @Text({ max: 100, description: 'Unique in its document; what a credit note credits is named by it.' })
  id: string;

  @Text({ max: 1000, example: 'Thing, Large' })
  title: string;

  @Text({ max: 200, nullable: true, example: 'SKU-1' })
  sku: string | null;

  @Text({ max: 30, description: 'A decimal number.', example: '2' })
  quantity: string;

  @Text({ max: 3, description: 'UNECE Recommendation 20: `C62` is a piece.', example: 'C62' })
  unit: string;

  @Nested(() => SignedMoneyDto)
  unitPrice: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, { description: 'Before the discount.' })
  price: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  discount: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  net: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  tax: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, { description: '`net` and `tax`.' })
  total: SignedMoneyDto;

  @OneOf(TAX_CATEGORIES, { example: 'S' })
  category: string;

  @Integer({ min: 0, max: 10_000_000, example: 190_000 })
  ratePpm: number;

  @ListOf(() => InvoiceTaxDto, { max: 20 })
  taxes: InvoiceTaxDto[];

  @OneOf(['sales', 'shipping', 'subscription', 'deferred', 'voucher'], {
    example: 'sales',
    description:
      'What it is to the books. `deferred`: the days of a subscription, each of which is income when it is over.',
  })
  revenue: string;

  @Nested(() => PeriodDto, { nullable: true })
  period: PeriodDto | null;

  @Text({ max: 1000, nullable: true, example: null })
  explain: string | null;
}

export class InvoiceSellerAddressDto {
  @Text({ max: 200, min: 0, example: 'Gildenweg 1' })
  line1: string;

  @Text({ max: 200, nullable: true, example: null })
  line2: string | null;

  @Text({ max: 100, min: 0, example: 'Lübeck' })
  city: string;

  @Text({ max: 20, nullable: true, example: '23552' })
  postalCode: string | null;

  @Text({ max: 100, nullable: true, example: null })
  region: string | null;

  @Text({ max: 2, min: 0, example: 'DE' })
  country: string;
}

export class InvoiceSellerDto {
  @Text({ max: 200, example: 'Guildhall Trading GmbH' })
  name: string;

  @Nested(() => InvoiceSellerAddressDto)
  address: InvoiceSellerAddressDto;

  @Text({ max: 20, nullable: true, example: 'DE136695976' })
  vatId: string | null;

  @Text({ max: 50, nullable: true, example: null })
  taxNumber: string | null;

  @Text({ max: 200, nullable: true, example: null })
  register: string | null;

  @Text({ max: 254, nullable: true, example: null })
  email: string | null;

  @Text({ max: 34, nullable: true, example: null })
  iban: string | null;

  @Text({ max: 11, nullable: true, example: null })
  bic: string | null;
}

export class InvoiceVatCheckDto {
  @Text({ max: 50, example: 'valid' })
  status: string;

  @Text({ max: 50, nullable: true })
  checkedAt: string | null;

  @Text({ max: 200, nullable: true, description: 'What the register calls the consultation.' })
  ref: string | null;
}

export class InvoiceBuyerDto {
  @Text({ max: 400, example: 'Ada Byron' })
  name: string;

  @Text({ max: 200, nullable: true, example: null })
  company: string | null;

  @Nested(() => AddressDto, { nullable: true })
  address: AddressDto | null;

  @Text({ max: 254, nullable: true, description: 'Null once it was erased.', example: 'ada@example.com' })
  email: string | null;

  @Text({ max: 20, nullable: true, example: null })
  vatId: string | null;

  @Nested(() => InvoiceVatCheckDto, { nullable: true })
  vatCheck: InvoiceVatCheckDto | null;
}

export class InvoiceTotalsDto {
  @Nested(() => SignedMoneyDto, {
    description: 'Below zero where a credit is taxed lower than what it was taken off.',
  })
  net: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'Below zero where a credit is taxed higher than what it was taken off.',
  })
  tax: SignedMoneyDto;

  @MoneyField()
  gross: MoneyDto;

  @MoneyField({ description: 'Paid before the document was made.' })
  prepaid: MoneyDto;

  @MoneyField()
  due: MoneyDto;
}

export class DocumentReferenceDto {
  @Text({ max: 50, example: '2026-000001' })
  number: string;

  @Text(DAY)
  issueDate: string;
}

/** What is printed, frozen when it was finalised. */
export class InvoiceContentDto {
  @OneOf(['invoice', 'credit_note', 'pro_forma'], {
    description: '`pro_forma`: a draft, which is no invoice and has no number.',
    example: 'invoice',
  })
  kind: string;

  @Text({ max: 50, nullable: true, example: '2026-000001' })
  number: string | null;

  @Text(DAY)
  issueDate: string;

  @Text({ ...DAY, nullable: true })
  dueDate: string | null;

  @Text({ ...DAY, nullable: true })
  deliveryDate: string | null;

  @Nested(() => PeriodDto, { nullable: true })
  period: PeriodDto | null;

  @CurrencyCode()
  currency: string;

  @Bool()
  pricesIncludeTax: boolean;

  @Nested(() => InvoiceSellerDto)
  seller: InvoiceSellerDto;

  @Nested(() => InvoiceBuyerDto)
  buyer: InvoiceBuyerDto;

  @Nested(() => AddressDto, { nullable: true })
  shipTo: AddressDto | null;

  @Text({ max: 50, nullable: true, example: '1001' })
  orderNumber: string | null;

  @ListOf(() => InvoiceLineDto, { max: 1000 })
  lines: InvoiceLineDto[];

  @ListOf(() => InvoiceTaxDto, { max: 100, description: 'By category, rate and who levies it.' })
  taxes: InvoiceTaxDto[];

  @Nested(() => InvoiceTotalsDto)
  totals: InvoiceTotalsDto;

  @Bool({
    description:
      'As it was made: its money is fetched from a method that the buyer keeps, and the document asks nobody to send it.',
  })
  charged: boolean;

  @Nested(() => DocumentReferenceDto, { nullable: true, description: 'The invoice that it credits.' })
  references: DocumentReferenceDto | null;

  @TextList({ max: 50, maxLength: 2000, description: 'What the law or the seller wants printed.' })
  notes: string[];

  static from(content: InvoiceContent): InvoiceContentDto {
    return content as unknown as InvoiceContentDto;
  }
}
