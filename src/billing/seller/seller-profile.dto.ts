import {
  CountryCode,
  Email,
  Instant,
  Integer,
  Line,
  Nested,
  OneOf,
  Text,
  TextList,
} from '../../platform/http/fields.js';
import { UNVERIFIED, type Unverified } from '../../platform/vat/reverse-charge.js';
import { INVOICE_LETTERS, type InvoiceLetters, missingOf } from './seller-profile.js';
import type { StoredProfile } from './seller-profile.repository.js';

export class SellerAddressDto {
  @Line({ max: 200, example: 'Gildenweg 1' })
  line1: string;

  @Line({ max: 200, optional: true, nullable: true, example: null })
  line2?: string | null;

  @Line({ max: 100, example: 'Lübeck' })
  city: string;

  @Line({ max: 20, optional: true, nullable: true, example: '23552' })
  postalCode?: string | null;

  @Line({ max: 100, optional: true, nullable: true, example: null })
  region?: string | null;

  @CountryCode({ example: 'DE' })
  country: string;
}

const PREFIX = /^(?:[A-Za-z0-9/._-]|\{year\}){0,20}$/;
const PREFIX_HINT = 'must be made of letters, digits, / . _ - and {year}';

/** The form of a VAT id as it stands on documents. */
export const VAT_ID = {
  max: 20,
  pattern: /^[A-Z]{2}[A-Z0-9+*]{2,13}$/,
  patternHint: 'must be a VAT id in capitals, such as DE136695976',
};

export class SellerProfileInput {
  @Line({ max: 200, description: 'As it stands in the register.', example: 'Guildhall Trading GmbH' })
  name: string;

  @Nested(() => SellerAddressDto, {
    optional: true,
    nullable: true,
    description: 'Without it invoices wait as drafts.',
  })
  address?: SellerAddressDto | null;

  @Text({
    ...VAT_ID,
    optional: true,
    nullable: true,
    description: 'This or `taxNumber` is on every invoice.',
    example: 'DE136695976',
  })
  vatId?: string | null;

  @Line({ max: 50, optional: true, nullable: true, example: null })
  taxNumber?: string | null;

  @Line({
    max: 200,
    optional: true,
    nullable: true,
    description: 'Court and number of the trade register.',
    example: 'Amtsgericht Lübeck, HRB 1234',
  })
  register?: string | null;

  @Email({ optional: true, nullable: true, example: 'billing@guildhall.example' })
  email?: string | null;

  @Text({
    max: 34,
    optional: true,
    nullable: true,
    description: 'Without spaces; its check digits are checked.',
    example: 'DE02120300000000202051',
  })
  iban?: string | null;

  @Text({
    max: 11,
    optional: true,
    nullable: true,
    pattern: /^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/,
    patternHint: 'must be a BIC in capitals, such as BYLADEM1001',
    example: 'BYLADEM1001',
  })
  bic?: string | null;

  @Text({
    max: 50,
    optional: true,
    description: 'IANA zone of the dates on documents; `UTC` when left out.',
    example: 'Europe/Berlin',
  })
  timeZone?: string;

  @Integer({ min: 0, max: 365, optional: true, description: '14 when left out.', example: 14 })
  paymentTermDays?: number;

  @Text({
    max: 20,
    min: 0,
    optional: true,
    pattern: PREFIX,
    patternHint: PREFIX_HINT,
    description:
      'What stands before the number of invoices; `{year}-` when left out. With `{year}` the numbers begin again each year; each ' +
      'prefix is a series of its own.',
    example: '{year}-',
  })
  invoicePrefix?: string;

  @Text({
    max: 20,
    min: 0,
    optional: true,
    pattern: PREFIX,
    patternHint: PREFIX_HINT,
    description: 'That of credit notes; `CN-{year}-` when left out. Another one than that of invoices.',
    example: 'CN-{year}-',
  })
  creditNotePrefix?: string;

  @TextList({
    max: 10,
    maxLength: 500,
    optional: true,
    description: 'Printed on every document.',
    example: ['Goods remain our property until they are paid.'],
  })
  notes?: string[];

  @OneOf(INVOICE_LETTERS, {
    optional: true,
    description:
      'Invoices and credit notes are sent to the buyer by mail: as a PDF, as a PDF with the e-invoice in it (`facturx`), or not at ' +
      'all (`none`). `pdf` when left out.',
    example: 'pdf',
  })
  letters?: InvoiceLetters;

  @OneOf(UNVERIFIED, {
    optional: true,
    description:
      'A VAT id of a subscriber that has the right form and that the register could not say anything about: `charge` the tax, or ' +
      '`accept` it as that of a business. `charge` when left out.',
    example: 'charge',
  })
  unverifiedVatIds?: Unverified;
}

export class SellerProfileDto extends SellerProfileInput {
  @TextList({
    max: 10,
    maxLength: 50,
    description:
      'What is missing, by JSON Pointer: until it is there invoices wait as drafts, without a number.',
    example: [],
  })
  missing: string[];

  @Integer({ min: 0, max: 2_147_483_647, description: '0: nobody has said yet who sells.', example: 1 })
  version: number;

  @Instant({ nullable: true })
  updatedAt: string | null;

  static from({
    profile,
    version,
    updatedAt,
  }: Omit<StoredProfile, 'updatedAt'> & { updatedAt: Date | null }) {
    return {
      ...profile,
      notes: [...profile.notes],
      missing: missingOf(profile),
      version,
      updatedAt: updatedAt?.toISOString() ?? null,
    };
  }
}
