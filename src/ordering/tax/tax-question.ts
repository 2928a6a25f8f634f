import type { PricedLine } from '../cart/totals.js';
import type { TaxQuestion } from './external-tax.js';
import type { TaxBook, Taxation, TaxRules } from './tax-rules.js';
import type { Place } from './tax-zone.js';

interface Priced {
  currency: string;
  lines: readonly (PricedLine & { sku: string })[];
  /** Minor units, after its discount; null: nothing is sent. */
  shipping: bigint | null;
}

/**
 * What the provider is asked; null when there is nobody to ask or nothing to say: no address, nothing in the cart, or
 * a buyer who pays no tax by the shop's own rules. Prices that another market's tax is taken out of first are the shop's
 * own affair too.
 */
export function taxQuestion(
  { asksProvider, settings }: TaxBook,
  { pricesIncludeTax, read }: TaxRules,
  { treatment }: Taxation,
  destination: Place | null,
  { currency, lines, shipping }: Priced,
): TaxQuestion | null {
  if (!asksProvider || destination === null || lines.length === 0 || treatment !== 'taxed' || read)
    return null;
  const { country, region, postalCode } = destination;
  return {
    currency,
    from: settings.origin,
    to: { country, region, postalCode },
    pricesIncludeTax,
    lines: lines.map(({ sku, unitPrice, quantity, taxClass, discount, isVoucher }) => {
      const price = unitPrice.times(quantity);
      const { amount } = (discount ? price.minus(discount) : price).toJSON();
      return { sku, taxClass: isVoucher ? 'voucher' : taxClass, quantity, amount };
    }),
    shipping: shipping === null ? null : { taxClass: settings.shippingTaxClass, amount: Number(shipping) },
  };
}
