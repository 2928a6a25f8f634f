import { Money } from '../../platform/money/money.js';

/** One price of an option: for parcels up to a weight, or (null) of any weight. */
export interface ShippingTier {
  upToGrams: number | null;
  price: Money;
}

export interface ShippingOption {
  id: string;
  title: string;
  /** Per currency; a flat rate is a single tier without a limit. */
  tiers: ShippingTier[];
}

/** Where the shop sends to, and how. `*` among the countries means everywhere else. */
export interface ShippingZone {
  id: string;
  name: string;
  countries: string[];
  options: ShippingOption[];
  version: number;
}

/** An option that can carry this cart, with what it costs. */
export interface Offer {
  optionId: string;
  title: string;
  zone: string;
  price: Money;
}

/** What the shop offers for a country, a currency and a weight, the cheapest first. */
export function offersFor(
  zones: readonly ShippingZone[],
  country: string,
  currency: string,
  grams: number,
): Offer[] {
  const zone =
    zones.find(({ countries }) => countries.includes(country)) ??
    zones.find(({ countries }) => countries.includes('*'));
  const offers = (zone?.options ?? []).flatMap((option) => {
    const price = priceOf(option, currency, grams);
    return price ? [{ optionId: option.id, title: option.title, zone: zone?.name ?? '', price }] : [];
  });
  return offers.sort((a, b) => a.price.compare(b.price) || a.title.localeCompare(b.title));
}

function priceOf(option: ShippingOption, currency: string, grams: number): Money | null {
  const limit = ({ upToGrams }: ShippingTier) => upToGrams ?? Number.MAX_SAFE_INTEGER;
  const tiers = option.tiers
    .filter((tier) => tier.price.currency === currency && grams <= limit(tier))
    .sort((a, b) => limit(a) - limit(b));
  return tiers[0]?.price ?? null;
}
