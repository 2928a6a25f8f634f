import { VAT_FORMATS } from './vat-formats.js';

export const VAT_STATUSES = ['valid', 'invalid', 'unverified'] as const;

/** What is known of a VAT id, from whom and since when. */
export interface VatVerdict {
  /** `unverified`: the form and the check digits are right, and nobody could be asked. */
  status: (typeof VAT_STATUSES)[number];
  source: 'register' | 'format';
  /** ISO 8601. */
  checkedAt: string;
  /** What the register calls this consultation: the proof that it was asked. */
  consultation: string | null;
}

/** A VAT id with what is known of it. */
export interface CheckedVatId {
  vatId: string;
  vatCheck: VatVerdict;
}

/** As it is kept and compared: capitals and digits, `EL` for Greece. */
export const plainVatId = (text: string): string =>
  text
    .toUpperCase()
    .replace(/[\s./-]/g, '')
    .replace(/^GR/, 'EL');

/** Of a plain VAT id: the country by ISO 3166, whatever the id calls it. */
export const vatCountry = (vatId: string): string => (vatId.startsWith('EL') ? 'GR' : vatId.slice(0, 2));

export type VatFault = 'unknown_country' | 'malformed' | 'check_digits';

/** What is wrong with a plain VAT id by its looks: nothing (null) says that it could exist, not that it does. */
export function vatFault(vatId: string): VatFault | null {
  const format = VAT_FORMATS[vatId.slice(0, 2)];
  if (!format) return 'unknown_country';
  const number = vatId.slice(2);
  if (!format.pattern.test(number)) return 'malformed';
  return format.isRight(number) ? null : 'check_digits';
}
