const MEMBER_STATES = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
);

/** Whether a country is in the VAT territory of the European Union; parts that are not (Åland) are zones of their own. */
export const isMemberState = (country: string): boolean => MEMBER_STATES.has(country);
