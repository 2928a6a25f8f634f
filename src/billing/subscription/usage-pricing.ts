import { Money } from '../../platform/money/money.js';

/** Quantities are whole numbers of millionths of a unit: 1.5 hours is 1 500 000. */
export const UNIT = 1_000_000n;

/** A price for so many units: a rate below one cent is 3 cents for a thousand, and stays exact. */
export interface Tier {
  /** The last quantity of this tier, in millionths; null for the last tier. */
  readonly upTo: bigint | null;
  readonly price: Money;
  /** For how many millionths of a unit the price is. */
  readonly per: bigint;
  /** Charged once as soon as the tier is reached. */
  readonly flat: Money;
}

/** How usage is charged. A plain price per unit is one tier without an end. */
export interface UsagePrice {
  /** `graduated`: each tier charges what lies in it. `volume`: all is charged by the tier in which the last unit lies. */
  readonly mode: 'graduated' | 'volume';
  /** In millionths; it comes with the plan, and tiers count what is above it. */
  readonly included: bigint;
  readonly tiers: readonly Tier[];
}

/** A line of an invoice: what one tier charges, for `explain` too. */
export interface UsageCharge {
  readonly tier: number;
  /** In millionths. */
  readonly quantity: bigint;
  readonly amount: Money;
}

/**
 * What the usage of a period costs, one charge for each tier that has any, each rounded by itself; none at all when everything is
 * included. Corrections may bring the sum of a period below zero: that costs nothing and gives nothing back.
 */
export function usageCharges({ mode, included, tiers }: UsagePrice, used: bigint): UsageCharge[] {
  const charged = used - included;
  if (charged <= 0n) return [];
  if (mode === 'volume') {
    const tier = tiers.findIndex(({ upTo }) => upTo === null || charged <= upTo);
    return tiers.slice(tier, tier + 1).map((one) => charge(one, tier, charged));
  }
  let below = 0n;
  const charges: UsageCharge[] = [];
  for (const [index, tier] of tiers.entries()) {
    if (charged <= below) break;
    const top = tier.upTo === null || charged < tier.upTo ? charged : tier.upTo;
    charges.push(charge(tier, index, top - below));
    below = top;
  }
  return charges;
}

/** The index of the first tier that is out of order; null: they rise, and the last one alone has no end. */
export function wrongTier(tiers: readonly Pick<Tier, 'upTo'>[]): number | null {
  let below = 0n;
  for (const [index, { upTo }] of tiers.entries()) {
    const isLast = index === tiers.length - 1;
    if (upTo === null ? !isLast : isLast || upTo <= below) return index;
    below = upTo ?? below;
  }
  return tiers.length === 0 ? 0 : null;
}

/** Millionths of a decimal number such as `1.5` or `-3`; null when it is none, or finer than a millionth. */
export function parseQuantity(decimal: string): bigint | null {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/.exec(decimal) ?? [];
  if (whole === undefined) return null;
  const millionths = BigInt(whole) * UNIT + BigInt(fraction.padEnd(6, '0'));
  return sign === '-' ? -millionths : millionths;
}

/** The shortest decimal number: `1.5`, `2`. */
export function formatQuantity(millionths: bigint): string {
  const size = millionths < 0n ? -millionths : millionths;
  const fraction = (size % UNIT).toString().padStart(6, '0').replace(/0+$/, '');
  return `${millionths < 0n ? '-' : ''}${size / UNIT}${fraction === '' ? '' : `.${fraction}`}`;
}

function charge({ price, per, flat }: Tier, tier: number, quantity: bigint): UsageCharge {
  return { tier, quantity, amount: price.timesRatio(quantity, per).plus(flat) };
}
