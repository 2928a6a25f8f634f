/** Rates are parts per million, so that 25.5 % (255,000) is as exact as 19 % (190,000). */
export interface TaxRate {
  taxClass: string;
  title: string;
  ratePpm: number;
  /** Who levies it, where several do: their rates are due together. Null: the one who taxes there. */
  jurisdiction: string | null;
  /** Taken on the price with the taxes that stand before it in the list, not on the price alone. */
  compound: boolean;
  /** ISO 8601; null: since ever. */
  validFrom: string | null;
  /** The first moment at which it holds no more; null: for good. */
  validUntil: string | null;
}

/** A part of a country. At least one of the two is there. */
export interface TaxArea {
  country: string;
  /** As addresses have it, in capitals: `QC`. */
  region: string | null;
  /** What postal codes begin with, in capitals, without spaces and hyphens. */
  postalPrefix: string | null;
}

/** Where the buyer is, as far as tax is concerned. `*` among the countries means everywhere else. */
export interface TaxZone {
  id: string;
  name: string;
  countries: string[];
  areas: TaxArea[];
  /** True: prices are what the buyer pays, and the tax is inside. False: the tax comes on top. */
  pricesIncludeTax: boolean;
  /** Used for the estimate of a cart that has no address yet. */
  isDefault: boolean;
  rates: TaxRate[];
  version: number;
}

/** As much of an address as tax asks about. */
export interface Place {
  country: string;
  region: string | null;
  postalCode: string | null;
}

/** A class without a rate of its own is taxed like this one, and so is shipping unless the shop says otherwise. */
export const STANDARD_CLASS = 'standard';

/** One of the rates of a class. */
export type TaxPart = Pick<TaxRate, 'title' | 'ratePpm' | 'jurisdiction' | 'compound'>;

/** What a class is taxed with somewhere: one rate, or several that are due together. */
export interface TaxCategory {
  /** The class that the rate is of: `standard` for one without a rate of its own. */
  taxClass: string;
  title: string;
  /** All of it, in parts per million of the net price. */
  ratePpm: number;
  /** Left out: one rate by that title. */
  parts?: readonly TaxPart[];
}

const MILLION = 1_000_000n;

/** Parts of a price to its net, exactly: the share of each rate and of the net, over one denominator. */
export function weightsOf(parts: readonly TaxPart[]): { net: bigint; taxes: bigint[] } {
  const net = MILLION ** BigInt(parts.length);
  let taxed = net;
  const taxes = parts.map(({ ratePpm, compound }) => {
    const tax = ((compound ? taxed : net) * BigInt(ratePpm)) / MILLION;
    taxed += tax;
    return tax;
  });
  return { net, taxes };
}

export const partsOf = ({ title, ratePpm, parts }: TaxCategory): readonly TaxPart[] =>
  parts ?? [{ title, ratePpm, jurisdiction: null, compound: false }];

/** What a class comes to with these rates: `ratePpm` is for people to read, rounded down where rates compound. */
export function categoryOf(taxClass: string, parts: readonly TaxPart[]): TaxCategory {
  const [only] = parts;
  if (!only) return { taxClass, title: 'No tax', ratePpm: 0 };
  if (parts.length === 1) return { taxClass, title: only.title, ratePpm: only.ratePpm, parts };
  const { net, taxes } = weightsOf(parts);
  const whole = taxes.reduce((sum, tax) => sum + tax, 0n);
  return {
    taxClass,
    title: parts.map(({ title }) => title).join(' + '),
    ratePpm: Number((whole * MILLION) / net),
    parts,
  };
}

/** The rates of a zone at a moment, by class; a class without one is taxed like `standard`. */
export function categoriesOf(zone: TaxZone | null, at: Date): (taxClass: string) => TaxCategory {
  const byClass = new Map<string, TaxRate[]>();
  for (const rate of zone?.rates ?? []) {
    if (!holdsAt(rate, at)) continue;
    const present = byClass.get(rate.taxClass);
    if (present) present.push(rate);
    else byClass.set(rate.taxClass, [rate]);
  }
  const made = new Map([...byClass].map(([taxClass, rates]) => [taxClass, categoryOf(taxClass, rates)]));
  const none = categoryOf(STANDARD_CLASS, []);
  return (taxClass) => made.get(taxClass) ?? made.get(STANDARD_CLASS) ?? none;
}

const holdsAt = ({ validFrom, validUntil }: TaxRate, at: Date): boolean =>
  (validFrom === null || new Date(validFrom) <= at) && (validUntil === null || at < new Date(validUntil));

/** As regions are compared: `CA-QC`, `qc` and `QC` are one. */
export const plainRegion = (region: string, country: string): string =>
  region
    .trim()
    .toUpperCase()
    .replace(new RegExp(`^${country}-`), '');

/** As postal codes are compared. */
export const plainPostalCode = (code: string): string => code.toUpperCase().replace(/[\s-]/g, '');

/**
 * The zone of a place: the longest postal prefix goes first, then the region, then the country, then `*`. `isNamed`:
 * the shop has set up that country, and not only everywhere else. Null: no zone is for it.
 */
export function zoneOf(zones: readonly TaxZone[], place: Place): { zone: TaxZone; isNamed: boolean } | null {
  let best: { zone: TaxZone; closeness: number } | null = null;
  for (const zone of zones) {
    const closeness = closenessOf(zone, place);
    if (closeness !== null && (best === null || closeness > best.closeness)) best = { zone, closeness };
  }
  return best && { zone: best.zone, isNamed: best.closeness > 0 };
}

/** 0: everywhere else; 1: the country; more: a part of it. Null: elsewhere. */
function closenessOf({ countries, areas }: TaxZone, { country, region, postalCode }: Place): number | null {
  const ofCountry = countries.includes(country) ? 1 : countries.includes('*') ? 0 : null;
  const code = plainPostalCode(postalCode ?? '');
  return areas.reduce<number | null>((best, area) => {
    if (area.country !== country) return best;
    if (area.region !== null && area.region !== plainRegion(region ?? '', country)) return best;
    if (area.postalPrefix !== null && !code.startsWith(area.postalPrefix)) return best;
    const closeness = 1 + (area.region === null ? 0 : 1) + 2 * (area.postalPrefix?.length ?? 0);
    return Math.max(best ?? 0, closeness);
  }, ofCountry);
}

/** A rate that stands in the way of another: same class and jurisdiction at the same time. Indexes into the list. */
export function overlapOf(rates: readonly TaxRate[]): { index: number; other: number } | null {
  for (const [index, rate] of rates.entries()) {
    const other = rates.findIndex(
      (one, before) =>
        before < index &&
        one.taxClass === rate.taxClass &&
        one.jurisdiction === rate.jurisdiction &&
        beginsBefore(one.validFrom, rate.validUntil) &&
        beginsBefore(rate.validFrom, one.validUntil),
    );
    if (other >= 0) return { index, other };
  }
  return null;
}

const beginsBefore = (from: string | null, until: string | null): boolean =>
  from === null || until === null || new Date(from) < new Date(until);

/** The most that the rates of one class come to together at any moment, in parts per million of the net price. */
export function highestRate(zone: TaxZone): { taxClass: string; ratePpm: number } | null {
  const moments = [
    new Date(0),
    ...zone.rates.flatMap(({ validFrom }) => (validFrom ? new Date(validFrom) : [])),
  ];
  const classes = new Set(zone.rates.map(({ taxClass }) => taxClass));
  return moments
    .flatMap((at) => {
      const rateOf = categoriesOf(zone, at);
      return [...classes].map((taxClass) => ({ taxClass, ratePpm: rateOf(taxClass).ratePpm }));
    })
    .reduce<{ taxClass: string; ratePpm: number } | null>(
      (most, one) => (most === null || one.ratePpm > most.ratePpm ? one : most),
      null,
    );
}
