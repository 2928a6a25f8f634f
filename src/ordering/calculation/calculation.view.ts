import { Money } from '../../platform/money/money.js';
import { taxView, totalsView, triedView } from '../cart/cart.view.js';
import type { Calculation, Recomputed } from './calculation.js';
import type { OrderCalculationDto } from './calculation.dto.js';

/** A calculation as staff see it, beside what it comes to when it is done again. */
export function calculationView(
  { engine, at, result, ...inputs }: Calculation,
  { totals, matches, tried }: Recomputed,
): OrderCalculationDto {
  const { currency } = inputs.snapshot;
  const money = (amount: string) => Money.of(BigInt(amount), currency).toJSON();
  return {
    engine,
    at,
    matches,
    stored: {
      subtotal: money(result.subtotal),
      discount: money(result.discount),
      shipping: money(result.shipping),
      tax: money(result.tax),
      total: money(result.total),
    },
    recomputed: totalsView(totals),
    taxes: totals.taxes.map(taxView),
    promotions: tried.map((one) => triedView(one, currency)),
    inputs,
  };
}
