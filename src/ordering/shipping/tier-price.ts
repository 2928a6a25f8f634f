import { Money } from '../../platform/money/money.js';
import type { Parcel } from './parcels.js';
import type { ShippingOption, ShippingTier } from './shipping-zone.js';

/**
 * What the tiers of a method say: the price of the smallest one that holds what is measured, for the shipment as a whole
 * or for each parcel. Null when no tier of the currency holds it.
 */
export function tierPrice(
  method: ShippingOption,
  currency: string,
  goods: Money,
  parcels: readonly Parcel[],
): Money | null {
  const measures = parcels.map((parcel) => measureOf(method, parcel, goods));
  const rated = method.pricePer === 'parcel' ? measures : [ofShipment(method, measures)];
  const tiers = method.tiers.filter(({ price }) => price.currency === currency);
  if (tiers.length === 0) return null;
  let sum = Money.zero(currency);
  for (const measure of rated) {
    const tier = smallestFor(tiers, method, measure);
    if (tier === null) return null;
    sum = sum.plus(tier.price);
  }
  return sum;
}

function measureOf({ by, volumetricDivisor }: ShippingOption, parcel: Parcel, goods: Money): number {
  const { grams, lengthMm, widthMm, heightMm } = parcel;
  if (by === 'goods') return Number(goods.amount);
  if (by === 'size') return lengthMm + widthMm + heightMm;
  if (by === 'weight') return grams;
  // So many cubic centimetres a kilogram are as many cubic millimetres a gram.
  return Math.max(grams, Math.ceil((lengthMm * widthMm * heightMm) / volumetricDivisor));
}

/** Weights add up; a shipment is as large as its largest parcel and worth what it is worth. */
function ofShipment({ by }: ShippingOption, measures: readonly number[]): number {
  if (by === 'goods' || by === 'size') return Math.max(0, ...measures);
  return measures.reduce((sum, measure) => sum + measure, 0);
}

function smallestFor(
  tiers: readonly ShippingTier[],
  { by }: ShippingOption,
  measure: number,
): ShippingTier | null {
  let smallest: { tier: ShippingTier; bound: number } | null = null;
  for (const tier of tiers) {
    const bound =
      (by === 'goods' ? tier.upToGoods : by === 'size' ? tier.upToMm : tier.upToGrams) ?? Infinity;
    if (measure <= bound && (smallest === null || bound < smallest.bound)) smallest = { tier, bound };
  }
  return smallest?.tier ?? null;
}
