import { isBusinessAbroad } from '../../platform/vat/reverse-charge.js';
import { isMemberState } from '../../platform/vat/member-states.js';
import type { ExternalTaxes } from './external-tax.js';
import { DEFAULT_SETTINGS, type TaxSettings } from './tax-settings.js';
import {
  categoriesOf,
  categoryOf,
  type Place,
  plainRegion,
  STANDARD_CLASS,
  type TaxCategory,
  type TaxZone,
  zoneOf,
} from './tax-zone.js';
import type { VatVerdict } from '../../platform/vat/vat-id.js';

/** All that the shop has laid down about tax, and the moment that it is asked about. */
export interface TaxBook {
  zones: readonly TaxZone[];
  settings: TaxSettings;
  /** Somebody outside is asked for the amounts. */
  asksProvider: boolean;
  /** Nothing is sold without the answer of somebody outside. */
  needsProvider?: boolean;
  at: Date;
}

/** A paper by which a customer pays no tax in a country or a part of it. */
export interface Certificate {
  number: string;
  /** `US` or `US-TX`. */
  jurisdiction: string;
  /** ISO 8601: the first moment at which it holds no more; null: for good. */
  validUntil: string | null;
  reason: string;
}

/** Whom and what place the question is about. */
export interface TaxBuyer {
  /** Null: nobody knows yet. */
  destination: Place | null;
  vatId?: string | null;
  vatCheck?: VatVerdict | null;
  certificates?: readonly Certificate[];
  groups?: readonly string[];
}

export type Exemption =
  | { kind: 'group'; group: string }
  | ({ kind: 'certificate' } & Omit<Certificate, 'number'> & { number: string | null });

export const TREATMENTS = ['taxed', 'reverse_charge', 'exempt', 'export'] as const;
export const TAX_RULES = [
  'no_address',
  'destination',
  'domestic_origin',
  'domestic_destination',
  'union_origin',
  'union_destination',
  'registered_abroad',
  'export',
] as const;

export const TAX_SOURCES = ['zones', 'provider', 'fallback'] as const;

/** How an order is taxed and why: plain data, frozen on the order. */
export interface Taxation {
  treatment: (typeof TREATMENTS)[number];
  /** Which rule has chosen the zone. */
  rule: (typeof TAX_RULES)[number];
  zone: string;
  /** What the law wants printed; null: nothing. */
  note: string | null;
  vatId: string | null;
  vatCheck: VatVerdict | null;
  exemption: Exemption | null;
  foreignPrices: TaxSettings['foreignPrices'];
  shippingTax: TaxSettings['shippingTax'];
  rounding: TaxSettings['rounding'];
  /**
   * Who has said the amounts: the zones of the shop; the provider, by the hash of what it was asked; or the zones in place of a
   * provider that did not answer.
   */
  source: (typeof TAX_SOURCES)[number];
  quote: string | null;
}

/** How prices are to be read: with or without tax inside, and with which. */
export interface PriceReading {
  pricesIncludeTax: boolean;
  rateOf(taxClass: string): TaxCategory;
}

/** How a cart is taxed: what the totals need to know. What is left out is as in a shop without settings. */
export interface TaxRules extends PriceReading {
  zone: string;
  /** How the prices of the catalog are read, where that is another way: the totals take them to these rules. */
  read?: PriceReading;
  shipping?: { by: TaxSettings['shippingTax']; taxClass: string };
  rounding?: TaxSettings['rounding'];
  /** Amounts that somebody outside has said for just these lines. */
  external?: ExternalTaxes;
}

/** Rules as plain JSON, for as many classes as an order has: kept with it, so that it can be calculated again for ever. */
export type StoredTaxRules = StoredReading &
  Pick<TaxRules, 'zone' | 'shipping' | 'rounding' | 'external'> & { read?: StoredReading };

interface StoredReading {
  pricesIncludeTax: boolean;
  rates: Record<string, TaxCategory>;
}

export function storedRules(
  { rateOf, read, ...rules }: TaxRules,
  classes: readonly string[],
): StoredTaxRules {
  const all = new Set([STANDARD_CLASS, rules.shipping?.taxClass ?? STANDARD_CLASS, ...classes]);
  const rates = (reading: Pick<PriceReading, 'rateOf'>) =>
    Object.fromEntries([...all].map((taxClass) => [taxClass, reading.rateOf(taxClass)]));
  return {
    ...rules,
    rates: rates({ rateOf }),
    ...(read && { read: { pricesIncludeTax: read.pricesIncludeTax, rates: rates(read) } }),
  };
}

export const restoredRules = ({ rates, read, ...rules }: StoredTaxRules): TaxRules => ({
  ...rules,
  rateOf: categoriesIn(rates),
  ...(read && { read: { pricesIncludeTax: read.pricesIncludeTax, rateOf: categoriesIn(read.rates) } }),
});

const categoriesIn = (rates: Record<string, TaxCategory>) => (taxClass: string) =>
  rates[taxClass] ?? rates[STANDARD_CLASS] ?? categoryOf(taxClass, []);

/** Which zone, which rule and whose rates: the one answer to what a buyer pays in tax. */
export function taxRulesFor(book: TaxBook, buyer: TaxBuyer): TaxRules & { taxation: Taxation } {
  const { settings } = book;
  const { zone, rule } = supply(book, buyer.destination);
  const there: PriceReading = {
    pricesIncludeTax: zone?.pricesIncludeTax ?? false,
    rateOf: categoriesOf(zone, book.at),
  };
  const read = readingOf(book, zone, there);
  const { treatment, exemption } = treatmentOf(book, buyer, rule);
  const untaxed = treatment !== 'taxed';
  const converts = untaxed || read !== there;
  const { foreignPrices, shippingTax, shippingTaxClass, rounding } = settings;
  const zoneName = zone?.name ?? 'none';
  return {
    zone: zoneName,
    pricesIncludeTax: !untaxed && there.pricesIncludeTax,
    rateOf: untaxed ? untaxedBy(treatment) : there.rateOf,
    ...(converts && { read }),
    shipping: { by: shippingTax, taxClass: shippingTaxClass },
    rounding,
    taxation: {
      treatment,
      rule,
      zone: zoneName,
      note: noteOf(settings, treatment),
      vatId: buyer.vatId ?? null,
      vatCheck: buyer.vatCheck ?? null,
      exemption,
      foreignPrices,
      shippingTax,
      rounding,
      source: 'zones',
      quote: null,
    },
  };
}

/**
 * The rules that an order was taxed by, with the rates of today: for what is added to it. Its zone, its treatment and whether
 * its prices include the tax stay.
 */
export function rulesAsBefore(
  book: TaxBook,
  order: { taxZone: string; taxation: Taxation | null; pricesIncludeTax: boolean; destination: Place | null },
): TaxRules {
  const { taxZone, taxation, pricesIncludeTax, destination } = order;
  const zone =
    book.zones.find(({ name }) => name === taxZone) ??
    (destination && zoneOf(book.zones, destination)?.zone) ??
    null;
  const there: PriceReading = { pricesIncludeTax, rateOf: categoriesOf(zone, book.at) };
  const treatment = taxation?.treatment ?? 'taxed';
  const settings = { ...book.settings, ...(taxation && { foreignPrices: taxation.foreignPrices }) };
  const rounding = taxation?.rounding ?? 'category';
  const shipping = taxation
    ? { by: taxation.shippingTax, taxClass: settings.shippingTaxClass }
    : { by: DEFAULT_SETTINGS.shippingTax, taxClass: STANDARD_CLASS };
  if (treatment === 'taxed') {
    const read = readingOf({ ...book, settings }, zone, there);
    return { zone: taxZone, ...there, shipping, rounding, ...(read !== there && { read }) };
  }
  const consumer = { pricesIncludeTax: zone?.pricesIncludeTax ?? false, rateOf: there.rateOf };
  const read = readingOf({ ...book, settings }, zone, consumer);
  return { zone: taxZone, pricesIncludeTax, rateOf: untaxedBy(treatment), shipping, rounding, read };
}

const untaxedBy = (treatment: keyof typeof UNTAXED) => (taxClass: string) => ({
  ...UNTAXED[treatment],
  taxClass,
});

const UNTAXED = {
  reverse_charge: { title: 'Reverse charge', ratePpm: 0 },
  exempt: { title: 'Exempt', ratePpm: 0 },
  export: { title: 'Export', ratePpm: 0 },
} as const;

function noteOf(settings: TaxSettings, treatment: Taxation['treatment']): string | null {
  if (treatment === 'taxed') return null;
  return {
    reverse_charge: settings.reverseChargeNote,
    exempt: settings.exemptNote,
    export: settings.exportNote,
  }[treatment];
}

/** The zone whose rates a consumer there would pay, and the rule that says so. */
function supply(
  { zones, settings }: TaxBook,
  destination: Place | null,
): { zone: TaxZone | null; rule: Taxation['rule'] } {
  const { origin } = settings;
  if (destination === null)
    return { zone: zones.find(({ isDefault }) => isDefault) ?? null, rule: 'no_address' };
  const there = zoneOf(zones, destination);
  if (origin === null) return { zone: there?.zone ?? null, rule: 'destination' };
  const here = zoneOf(zones, origin)?.zone ?? null;
  if (origin.country === destination.country) {
    return settings.domestic === 'origin'
      ? { zone: here, rule: 'domestic_origin' }
      : { zone: there?.zone ?? null, rule: 'domestic_destination' };
  }
  if (isMemberState(origin.country) && isMemberState(destination.country)) {
    return settings.crossBorder === 'origin'
      ? { zone: here, rule: 'union_origin' }
      : { zone: there?.zone ?? null, rule: 'union_destination' };
  }
  // Whoever has named a country and its rates is registered there; everywhere else the goods leave without tax.
  const isRegistered = there?.isNamed === true && there.zone.rates.some(({ ratePpm }) => ratePpm > 0);
  return { zone: there?.zone ?? null, rule: isRegistered ? 'registered_abroad' : 'export' };
}

/** With `same_net` a price that includes the tax of home keeps abroad what is left of it without. */
function readingOf(
  { zones, settings, at }: TaxBook,
  zone: TaxZone | null,
  there: PriceReading,
): PriceReading {
  if (settings.foreignPrices === 'same_gross') return there;
  const home =
    (settings.origin ? zoneOf(zones, settings.origin)?.zone : undefined) ??
    zones.find(({ isDefault }) => isDefault);
  if (!home || home === zone) return there;
  // Prices without tax stand everywhere for the net.
  if (!home.pricesIncludeTax && !there.pricesIncludeTax) return there;
  return { pricesIncludeTax: home.pricesIncludeTax, rateOf: categoriesOf(home, at) };
}

function treatmentOf(
  { settings, at }: TaxBook,
  { destination, vatId = null, vatCheck = null, certificates = [], groups = [] }: TaxBuyer,
  rule: Taxation['rule'],
): { treatment: Taxation['treatment']; exemption: Exemption | null } {
  const isUnion = rule === 'union_origin' || rule === 'union_destination';
  const seller = { country: settings.origin?.country, unverified: settings.unverifiedVatIds };
  if (isUnion && isBusinessAbroad(vatId, vatCheck, seller))
    return { treatment: 'reverse_charge', exemption: null };
  const group = settings.exemptGroups.find((code) => groups.includes(code));
  if (group !== undefined) return { treatment: 'exempt', exemption: { kind: 'group', group } };
  const certificate = certificates.find((one) => covers(one, destination, at));
  if (certificate) return { treatment: 'exempt', exemption: { kind: 'certificate', ...certificate } };
  return { treatment: rule === 'export' ? 'export' : 'taxed', exemption: null };
}

function covers({ jurisdiction, validUntil }: Certificate, place: Place | null, at: Date): boolean {
  if (place === null || (validUntil !== null && at >= new Date(validUntil))) return false;
  const [country, region] = jurisdiction.split('-');
  if (country !== place.country) return false;
  return region === undefined || region === plainRegion(place.region ?? '', place.country);
}
