import { REVERSE_CHARGE_NOTE, type Unverified } from '../../platform/vat/reverse-charge.js';
import type { Place } from './tax-zone.js';

export const PLACES_OF_SUPPLY = ['origin', 'destination'] as const;
export const FOREIGN_PRICES = ['same_gross', 'same_net'] as const;
export const SHIPPING_TAXES = ['own_class', 'goods'] as const;
export const ROUNDINGS = ['category', 'line'] as const;

/** How the shop taxes, beyond its zones. As they are at first, the zone of the address decides and nothing else. */
export interface TaxSettings {
  /** Where the shop sends from; null: neither reverse charge nor export is known, the zone of the address decides. */
  origin: Place | null;
  /** In the country of the origin: the rates of the shop, or of the address (Canada, parts with a law of their own). */
  domestic: (typeof PLACES_OF_SUPPLY)[number];
  /** Consumers in another country of the EU: those of the address (OSS), or of the shop below the threshold. */
  crossBorder: (typeof PLACES_OF_SUPPLY)[number];
  /** What a price that includes tax keeps abroad: what the buyer pays, or what the shop is left with. */
  foreignPrices: (typeof FOREIGN_PRICES)[number];
  /** Shipping is taxed by a class, or in proportion like the goods that it carries. */
  shippingTax: (typeof SHIPPING_TAXES)[number];
  shippingTaxClass: string;
  /** Where tax is rounded: once for each category of an order, or for each line. */
  rounding: (typeof ROUNDINGS)[number];
  /** A VAT id of the right form that nobody could check. */
  unverifiedVatIds: Unverified;
  /** What is printed on an order that nobody is charged tax for because the buyer accounts for it. */
  reverseChargeNote: string;
  exemptNote: string;
  exportNote: string;
  /** Codes of customer groups that pay no tax. */
  exemptGroups: string[];
  version: number;
}

export const DEFAULT_SETTINGS: TaxSettings = {
  origin: null,
  domestic: 'destination',
  crossBorder: 'destination',
  foreignPrices: 'same_gross',
  shippingTax: 'own_class',
  shippingTaxClass: 'standard',
  rounding: 'category',
  unverifiedVatIds: 'charge',
  reverseChargeNote: REVERSE_CHARGE_NOTE,
  exemptNote: 'Exempt from tax.',
  exportNote: 'Export outside of the VAT territory: zero-rated.',
  exemptGroups: [],
  version: 1,
};
