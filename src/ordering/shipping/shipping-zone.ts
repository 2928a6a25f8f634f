import type { Money } from '../../platform/money/money.js';
import type { Area } from './destination.js';
import type { TransitDays } from './delivery-estimate.js';
import type { Sides } from './parcels.js';

/** What the tiers of a method go by. */
export const BASES = ['weight', 'volumetric_weight', 'goods', 'size'] as const;
export type Basis = (typeof BASES)[number];

export const METHOD_KINDS = ['delivery', 'pickup'] as const;
export type MethodKind = (typeof METHOD_KINDS)[number];

/** One price of a method, up to a bound of its basis; null: without a bound. Only the bound of the basis is ever set. */
export interface ShippingTier {
  upToGrams: number | null;
  /** Value of the goods, in minor units of the price. */
  upToGoods: number | null;
  /** Length, width and height of a parcel together. */
  upToMm: number | null;
  price: Money;
}

/** A method: one way to the buyer and what it costs. */
export interface ShippingOption {
  id: string;
  title: string;
  kind: MethodKind;
  by: Basis;
  /** Cubic centimetres that weigh as much as a kilogram. */
  volumetricDivisor: number;
  pricePer: 'shipment' | 'parcel';
  /** Per currency; a flat rate is a single tier without a bound. Of a carrier's method: the price when it does not answer. */
  tiers: ShippingTier[];
  /** One per currency: it costs nothing for goods of this value or more, after discounts. */
  freeOver: Money[];
  /** ISO 8601; null: at any time. */
  activeFrom: string | null;
  activeUntil: string | null;
  /** It carries nothing of these shipping classes. */
  exceptClasses: string[];
  /** It is there only for carts with something of these classes; empty: for all. */
  onlyForClasses: string[];
  maxParcelGrams: number | null;
  maxParcelSides: Sides | null;
  /** Null: as the calendar of the shop has it. */
  processingDays: number | null;
  /** Null: nothing is promised. */
  transitDays: TransitDays | null;
  /** The carrier's word for the service that it names a price of; null: the tiers are the price. */
  carrierService: string | null;
}

/** Where the shop sends to, and how. `*` among the countries means everywhere else. */
export interface ShippingZone {
  id: string;
  name: string;
  countries: string[];
  /** Parts of countries, which go before whole ones. */
  areas: Area[];
  options: ShippingOption[];
  version: number;
}

/** A method that has nothing but a title and prices by weight. */
export const PLAIN_METHOD: Omit<ShippingOption, 'id' | 'title' | 'tiers'> = {
  kind: 'delivery',
  by: 'weight',
  volumetricDivisor: 5_000,
  pricePer: 'shipment',
  freeOver: [],
  activeFrom: null,
  activeUntil: null,
  exceptClasses: [],
  onlyForClasses: [],
  maxParcelGrams: null,
  maxParcelSides: null,
  processingDays: null,
  transitDays: null,
  carrierService: null,
};
