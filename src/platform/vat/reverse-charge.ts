import { isMemberState } from './member-states.js';
import { vatCountry, type VatVerdict } from './vat-id.js';

/** A VAT id of the right form that nobody could check. */
export const UNVERIFIED = ['accept', 'charge'] as const;
export type Unverified = (typeof UNVERIFIED)[number];

/** What is printed where nobody is charged tax because the buyer accounts for it. */
export const REVERSE_CHARGE_NOTE = 'Reverse charge: VAT is due from the recipient (Directive 2006/112/EC).';

/** Whether a VAT id of which this is known counts. */
export const isTrusted = (check: VatVerdict | null, unverified: Unverified): boolean =>
  check?.status === 'valid' || (check?.status === 'unverified' && unverified === 'accept');

/** Whether this is the id of a business elsewhere: of another country than the seller's, and it counts. */
export const isBusinessAbroad = (
  vatId: string | null,
  check: VatVerdict | null,
  { country, unverified }: { country: string | undefined; unverified: Unverified },
): boolean => vatId !== null && isTrusted(check, unverified) && vatCountry(vatId) !== country;

/** Whether what is sold from one country to another is within the VAT territory of the Union, and crosses a border in it. */
export const isWithinUnion = (from: string, to: string): boolean =>
  from !== to && isMemberState(from) && isMemberState(to);
