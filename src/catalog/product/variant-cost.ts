import type { MoneyJson } from '../../platform/money/money.js';

/** What the shop paid for one piece; null: nobody has told. For staff alone: what it is sold for is its price. */
export interface Cost {
  cost: MoneyJson | null;
}

/** SQL of the cost of a row `v` of catalog.variants as JSON, or NULL. */
export const COST_SQL = `CASE WHEN v.cost_amount IS NOT NULL
  THEN json_build_object('amount', v.cost_amount, 'currency', v.cost_currency) END`;
