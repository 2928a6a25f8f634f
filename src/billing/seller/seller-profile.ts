import type { Unverified } from '../../platform/vat/reverse-charge.js';
import type { InvoiceSeller } from '../invoice/invoice-content.js';

/** Who sells, how its documents are numbered and when they are to be paid. */
export interface SellerProfile extends Omit<InvoiceSeller, 'address'> {
  readonly address: InvoiceSeller['address'] | null;
  /** IANA; the dates on documents are those of this zone. */
  readonly timeZone: string;
  readonly paymentTermDays: number;
  /** `{year}` stands for the year of the document; with it the numbers begin again each year. */
  readonly invoicePrefix: string;
  readonly creditNotePrefix: string;
  /** Printed on every document. */
  readonly notes: readonly string[];
  /** What the buyer gets with the letter about a document; `none`: no letter is written. */
  readonly letters: InvoiceLetters;
  /** Of subscriptions: whether a VAT id counts that nobody could check. */
  readonly unverifiedVatIds: Unverified;
}

/** `facturx`: the PDF with the XML in it, where there is any. */
export const INVOICE_LETTERS = ['pdf', 'facturx', 'none'] as const;
export type InvoiceLetters = (typeof INVOICE_LETTERS)[number];

/** What a shop has that never said who it is: enough to number by, and too little to print. */
export const unknownSeller = (shopName: string): SellerProfile => ({
  name: shopName,
  address: null,
  vatId: null,
  taxNumber: null,
  register: null,
  email: null,
  iban: null,
  bic: null,
  timeZone: 'UTC',
  paymentTermDays: 14,
  invoicePrefix: '{year}-',
  creditNotePrefix: 'CN-{year}-',
  notes: [],
  letters: 'pdf',
  unverifiedVatIds: 'charge',
});

/** What the law wants on every invoice and is not there (Directive 2006/112/EC, Art. 226): JSON Pointers. */
export function missingOf({ address, vatId, taxNumber }: SellerProfile): string[] {
  return [
    ...(address === null ? ['/address'] : []),
    ...(vatId === null && taxNumber === null ? ['/vatId'] : []),
  ];
}

/** The seller as documents have it; the profile is complete. */
export function sellerOf(profile: SellerProfile): InvoiceSeller {
  const { name, address, vatId, taxNumber, register, email, iban, bic } = profile;
  if (address === null) throw new Error('the profile of the seller has no address');
  return { name, address, vatId, taxNumber, register, email, iban, bic };
}

/** The day that it is there, ISO 8601. */
export const localDate = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    at,
  );

/** Whether the check digits of an IBAN hold (ISO 7064, MOD 97-10). */
export function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(text)) return false;
  const digits = [...`${text.slice(4)}${text.slice(0, 4)}`].map((letter) => parseInt(letter, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}

export function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== null;
  } catch {
    return false;
  }
}
