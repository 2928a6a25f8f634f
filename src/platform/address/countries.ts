/** What a postal address must have to arrive in one country, beyond what it must have everywhere. */
export interface CountryRules {
  /** What a postal code looks like; left out where there are none. */
  postalCode?: { pattern: RegExp; example: string; optional?: true };
  /** Carriers refuse a parcel without state, province or emirate; the name that forms give it. */
  region?: string;
}

const code = (pattern: string, example: string) => ({
  // People write codes in either case.
  postalCode: { pattern: new RegExp(`^(?:${pattern})$`, 'i'), example },
});
const codeIfAny = (pattern: string, example: string) => ({
  postalCode: { ...code(pattern, example).postalCode, optional: true as const },
});

/**
 * The countries that most parcels go to, by ISO 3166. Public facts: the national posts and the Universal Postal Union's
 * addressing sheets. A country that is not here takes anything: better a strange address than an order that cannot be made.
 */
export const COUNTRIES: Readonly<Record<string, CountryRules>> = {
  AE: { region: 'Emirate' },
  AR: { ...codeIfAny('[A-HJ-NP-Z]?\\d{4}(?:[A-Z]{3})?', 'C1070AAM') },
  AT: { ...code('\\d{4}', '1010') },
  AU: { ...code('\\d{4}', '2000'), region: 'State' },
  BE: { ...code('[1-9]\\d{3}', '1000') },
  BG: { ...code('\\d{4}', '1000') },
  BR: { ...code('\\d{5}-?\\d{3}', '01310-100'), region: 'State' },
  CA: {
    ...code('[ABCEGHJ-NPRSTVXY]\\d[ABCEGHJ-NPRSTV-Z] ?\\d[ABCEGHJ-NPRSTV-Z]\\d', 'K1A 0B1'),
    region: 'Province',
  },
  CH: { ...code('[1-9]\\d{3}', '8001') },
  CL: { ...codeIfAny('\\d{3}-?\\d{4}', '8340457') },
  CN: { ...code('\\d{6}', '100000'), region: 'Province' },
  CY: { ...code('\\d{4}', '1010') },
  CZ: { ...code('\\d{3} ?\\d{2}', '110 00') },
  DE: { ...code('\\d{5}', '10117') },
  DK: { ...code('\\d{4}', '1050') },
  EE: { ...code('\\d{5}', '10111') },
  ES: { ...code('\\d{5}', '28013') },
  FI: { ...code('\\d{5}', '00100') },
  FR: { ...code('\\d{5}', '75001') },
  GB: { ...code('GIR ?0AA|[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[ABD-HJLNP-UW-Z]{2}', 'SW1A 1AA') },
  GR: { ...code('\\d{3} ?\\d{2}', '105 57') },
  HK: {},
  HR: { ...code('\\d{5}', '10000') },
  HU: { ...code('\\d{4}', '1051') },
  IE: { ...codeIfAny('(?:[AC-FHKNPRTV-Y]\\d{2}|D6W) ?[\\dAC-FHKNPRTV-Y]{4}', 'D02 AF30') },
  IL: { ...codeIfAny('\\d{5}(?:\\d{2})?', '9614303') },
  IN: { ...code('[1-9]\\d{2} ?\\d{3}', '110001'), region: 'State' },
  IS: { ...code('\\d{3}', '101') },
  IT: { ...code('\\d{5}', '00187') },
  JP: { ...code('\\d{3}-?\\d{4}', '100-0001'), region: 'Prefecture' },
  KR: { ...code('\\d{5}', '04524') },
  LI: { ...code('94(?:8[5-9]|9[0-8])', '9490') },
  LT: { ...code('(?:LT-)?\\d{5}', 'LT-01100') },
  LU: { ...code('(?:L-)?\\d{4}', '1009') },
  LV: { ...code('(?:LV-)?\\d{4}', 'LV-1050') },
  MC: { ...code('980\\d{2}', '98000') },
  MT: { ...code('[A-Z]{3} ?\\d{4}', 'VLT 1117') },
  MX: { ...code('\\d{5}', '06000'), region: 'State' },
  MY: { ...code('\\d{5}', '50050') },
  NL: { ...code('[1-9]\\d{3} ?[A-Z]{2}', '1012 AB') },
  NO: { ...code('\\d{4}', '0150') },
  NZ: { ...code('\\d{4}', '1010') },
  PL: { ...code('\\d{2}-?\\d{3}', '00-001') },
  PT: { ...code('\\d{4}-?\\d{3}', '1100-148') },
  RO: { ...code('\\d{6}', '010011') },
  RS: { ...code('\\d{5}', '11000') },
  SE: { ...code('\\d{3} ?\\d{2}', '111 22') },
  SG: { ...code('\\d{6}', '018956') },
  SI: { ...code('(?:SI-)?\\d{4}', '1000') },
  SK: { ...code('\\d{3} ?\\d{2}', '811 01') },
  TH: { ...code('\\d{5}', '10200') },
  TR: { ...code('\\d{5}', '34110') },
  TW: { ...code('\\d{3}(?:\\d{2,3})?', '100') },
  UA: { ...code('\\d{5}', '01001') },
  US: { ...code('\\d{5}(?:-\\d{4})?', '10001'), region: 'State' },
  ZA: { ...code('\\d{4}', '2000') },
};
