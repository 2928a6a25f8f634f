/** Rates are parts per million, so that 25.5 % (255,000) is as exact as 19 % (190,000). */
export interface TaxRate {
  taxClass: string;
  title: string;
  ratePpm: number;
}

/** Where the buyer is, as far as tax is concerned. `*` among the countries means everywhere else. */
export interface TaxZone {
  id: string;
  name: string;
  countries: string[];
  /** True: prices are what the buyer pays, and the tax is inside. False: the tax comes on top. */
  pricesIncludeTax: boolean;
  /** Used for the estimate of a cart that has no address yet. */
  isDefault: boolean;
  rates: TaxRate[];
  version: number;
}

/** A class without a rate of its own is taxed like this one, and so is shipping. */
export const STANDARD_CLASS = 'standard';

/** How a zone taxes: what the totals need to know. */
export interface TaxRules {
  zone: string;
  pricesIncludeTax: boolean;
  rateOf(taxClass: string): TaxRate;
}

const UNTAXED: TaxRate = { taxClass: STANDARD_CLASS, title: 'No tax', ratePpm: 0 };

/** The zone of a country; without a country the default one; no zone at all means no tax. */
export function taxRulesFor(zones: readonly TaxZone[], country: string | null): TaxRules {
  const zone =
    country === null
      ? zones.find(({ isDefault }) => isDefault)
      : (zones.find(({ countries }) => countries.includes(country)) ??
        zones.find(({ countries }) => countries.includes('*')));
  const rates = new Map(zone?.rates.map((rate) => [rate.taxClass, rate]));
  return {
    zone: zone?.name ?? 'none',
    pricesIncludeTax: zone?.pricesIncludeTax ?? false,
    rateOf: (taxClass) => rates.get(taxClass) ?? rates.get(STANDARD_CLASS) ?? UNTAXED,
  };
}
