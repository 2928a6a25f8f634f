import type { Money } from '../../platform/money/money.js';
import type { CarrierQuotes } from './carrier-rates.port.js';
import { type Calendar, estimate, type Estimate, type TransitDays } from './delivery-estimate.js';
import { type Destination, zoneFor } from './destination.js';
import { type CargoLine, pack, type PackingFault, type Parcel } from './parcels.js';
import type { PickupPoint } from './pickup-point.js';
import type { MethodKind, ShippingOption, ShippingZone } from './shipping-zone.js';
import { tierPrice } from './tier-price.js';

/** What is to be sent. */
export interface Cargo {
  lines: CargoLine[];
  /** Value of what is sent, after discounts. */
  goods: Money;
}

/** What offers depend on beside the rules and the cargo. */
export interface Moment {
  now: Date;
  calendar: Calendar;
  /** What carriers ask; without it their methods have the price of their tiers. */
  quotes?: CarrierQuotes;
}

/** Where a price comes from. */
export type PriceSource = 'tiers' | 'free_over' | 'carrier' | 'fallback';

/** A method that can carry this cart, with what it costs. */
export interface Offer {
  optionId: string;
  title: string;
  zone: string;
  kind: MethodKind;
  price: Money;
  priceFrom: PriceSource;
  estimate: Estimate | null;
  parcels: Parcel[];
  /** Where it is fetched, of the kind `pickup`; null: not chosen yet. */
  pickupPoint: PickupPoint | null;
  /** The rule as it was, in full. */
  method: ShippingOption;
}

/** A method of the zone that does not fit, and why. */
export interface Misfit {
  optionId: string;
  title: string;
  zone: string;
  code:
    | PackingFault['code']
    | 'not_now'
    | 'class_not_carried'
    | 'class_missing'
    | 'no_price_in_currency'
    | 'beyond_tiers'
    | 'no_carrier_rate';
  detail: string;
}

/** The zone of a destination with the methods that fit, the cheapest first, and those that do not. */
export interface Ways {
  zone: ShippingZone | null;
  offers: Offer[];
  misfits: Misfit[];
}

/** What the shop offers for a destination, a currency and a cargo, the cheapest first. */
export function offersFor(
  zones: readonly ShippingZone[],
  destination: Destination,
  currency: string,
  cargo: Cargo,
  at: Moment,
): Offer[] {
  return waysTo(zones, destination, currency, cargo, at).offers;
}

/** The same with the methods that do not fit; of one kind only, when that is asked for. */
export function waysTo(
  zones: readonly ShippingZone[],
  destination: Destination,
  currency: string,
  cargo: Cargo,
  at: Moment,
  kind?: MethodKind,
): Ways {
  const zone = zoneFor(zones, destination) ?? null;
  const ways: Ways = { zone, offers: [], misfits: [] };
  for (const method of zone?.options ?? []) {
    if (kind !== undefined && method.kind !== kind) continue;
    const { id: optionId, title } = method;
    const outcome = rate(method, destination, currency, cargo, at);
    const whose = { optionId, title, zone: zone?.name ?? '' };
    if ('code' in outcome) ways.misfits.push({ ...whose, ...outcome });
    else ways.offers.push({ ...whose, kind: method.kind, ...outcome, pickupPoint: null, method });
  }
  ways.offers.sort(cheapestFirst);
  return ways;
}

export const cheapestFirst = (a: Offer, b: Offer): number =>
  a.price.compare(b.price) || a.title.localeCompare(b.title);

type Rated = Pick<Offer, 'price' | 'priceFrom' | 'estimate' | 'parcels'>;

function rate(
  method: ShippingOption,
  destination: Destination,
  currency: string,
  cargo: Cargo,
  at: Moment,
): Rated | Pick<Misfit, 'code' | 'detail'> {
  const refusal = refusalOf(method, cargo, at.now);
  if (refusal !== null) return refusal;
  const limits = { maxGrams: method.maxParcelGrams, maxSides: method.maxParcelSides };
  const parcels = pack(cargo.lines, limits);
  if ('code' in parcels) return parcels;
  const quote = method.carrierService
    ? at.quotes?.of({ currency, destination: placeOf(destination), parcels }, method.carrierService)
    : null;
  const price = quote ? quote.price : tierPrice(method, currency, cargo.goods, parcels);
  if (price === null) return unpriced(method, currency);
  const transit = quote?.transit ?? method.transitDays;
  return {
    ...free(method, cargo.goods, price, quote ? 'carrier' : method.carrierService ? 'fallback' : 'tiers'),
    parcels,
    estimate: arrival(method, transit, at),
  };
}

/** Nothing but the place: a carrier that names a price has no use for who lives there. */
const placeOf = ({ country, region, postalCode }: Destination): Destination => ({
  country,
  region,
  postalCode,
});

function refusalOf(
  method: ShippingOption,
  { lines }: Cargo,
  now: Date,
): Pick<Misfit, 'code' | 'detail'> | null {
  const { activeFrom, activeUntil, exceptClasses, onlyForClasses } = method;
  if (activeFrom !== null && now < new Date(activeFrom))
    return { code: 'not_now', detail: `It is offered from ${activeFrom} on.` };
  if (activeUntil !== null && now >= new Date(activeUntil))
    return { code: 'not_now', detail: `It was offered until ${activeUntil}.` };
  const odd = lines.find(
    ({ shippingClass }) => shippingClass !== null && exceptClasses.includes(shippingClass),
  );
  if (odd)
    return {
      code: 'class_not_carried',
      detail: `It does not carry what is ${odd.shippingClass}: ${odd.sku}.`,
    };
  const isMeant = lines.some(
    ({ shippingClass }) => shippingClass !== null && onlyForClasses.includes(shippingClass),
  );
  if (onlyForClasses.length > 0 && !isMeant)
    return { code: 'class_missing', detail: `It is only for what is ${onlyForClasses.join(' or ')}.` };
  return null;
}

function unpriced(method: ShippingOption, currency: string): Pick<Misfit, 'code' | 'detail'> {
  if (method.tiers.some(({ price }) => price.currency === currency))
    return { code: 'beyond_tiers', detail: 'The cart is beyond the last of its tiers.' };
  return method.carrierService === null
    ? { code: 'no_price_in_currency', detail: `It has no price in ${currency}.` }
    : {
        code: 'no_carrier_rate',
        detail: `The carrier named no price, and it has none of its own in ${currency}.`,
      };
}

function free(
  { freeOver }: ShippingOption,
  goods: Money,
  price: Money,
  priceFrom: PriceSource,
): Pick<Offer, 'price' | 'priceFrom'> {
  const over = freeOver.find(({ currency }) => currency === goods.currency);
  return over && goods.compare(over) >= 0
    ? { price: price.minus(price), priceFrom: 'free_over' }
    : { price, priceFrom };
}

const arrival = (
  { processingDays }: ShippingOption,
  transit: TransitDays | null,
  { calendar, now }: Moment,
): Estimate | null => transit && estimate(calendar, now, transit, processingDays ?? undefined);
