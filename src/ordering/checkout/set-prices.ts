import type { SellableVariant } from '../../catalog/catalog.api.js';
import type { Money } from '../../platform/money/money.js';

/** Prices of one piece that somebody has set, by variant. */
export type SetPrices = ReadonlyMap<string, Money>;

export const NO_PRICES: SetPrices = new Map();

/** What is sold, at the prices that were set; of everything else at today's. */
export const priced = (sellable: SellableVariant[], prices: SetPrices): SellableVariant[] =>
  prices.size === 0
    ? sellable
    : sellable.map((variant) => {
        const unitPrice = prices.get(variant.variantId);
        return unitPrice ? { ...variant, unitPrice } : variant;
      });
