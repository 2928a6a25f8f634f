/** How a variant is sold, beside its price. */
export interface SellingTerms {
  lowStockAt: number | null;
  maxPerOrder: number | null;
  maxPerCustomer: number | null;
  preorder: { availableFrom: Date; limit: number } | null;
  version: number;
}

/** As long as nobody has set any. */
export const NO_TERMS: SellingTerms = {
  lowStockAt: null,
  maxPerOrder: null,
  maxPerCustomer: null,
  preorder: null,
  version: 0,
};
