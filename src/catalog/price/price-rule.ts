/** An amount in minor units, and what it is compared with; null when with nothing. */
export interface Price {
  amount: number;
  compareAt: number | null;
}

/** An entry of a price list, with what its list says of when and for whom. */
export interface ListedPrice extends Price {
  /** Id of the list. */
  list: string;
  /** Holds from this many pieces of one line on. */
  minQuantity: number;
  active: boolean;
  /** From this moment on; null: always has. */
  validFrom: Date | null;
  /** Up to this moment, and no longer at it; null: for good. */
  validUntil: Date | null;
  /** Codes of the customer groups that it is for; null: everybody. */
  groups: readonly string[] | null;
  priority: number;
}

/** Who asks, for how many, and when. */
export interface Asking {
  groups: readonly string[];
  quantity: number;
  at: Date;
}

/**
 * The price of a variant in a currency: a function of its prices, the group, the quantity and the instant, and of nothing
 * else. No job writes prices when a list begins or ends.
 *
 * Of the entries that apply (their list is active, its window holds `at`, it is for everybody or for one of the groups, and
 * the quantity reaches the tier) the one whose list has the highest priority, and among equals the lowest, even when it is
 * higher than the base price. Without any the base price; null when there is none either.
 *
 * `offerSql` says the same to PostgreSQL, for pages; a test holds them together.
 */
export function priceOf(base: Price | null, entries: readonly ListedPrice[], asking: Asking): Price | null {
  const [best] = entries.filter((entry) => applies(entry, asking)).sort(byRank);
  return best ? { amount: best.amount, compareAt: best.compareAt } : base;
}

function applies(entry: ListedPrice, { groups, quantity, at }: Asking): boolean {
  const { active, validFrom, validUntil, minQuantity } = entry;
  return (
    active &&
    minQuantity <= quantity &&
    (validFrom === null || validFrom <= at) &&
    (validUntil === null || at < validUntil) &&
    (entry.groups === null || entry.groups.some((group) => groups.includes(group)))
  );
}

/** The last two only so that the same one wins each time: they differ in nothing but what the price is compared with. */
const byRank = (a: ListedPrice, b: ListedPrice): number =>
  b.priority - a.priority ||
  a.amount - b.amount ||
  b.minQuantity - a.minQuantity ||
  (a.list < b.list ? -1 : a.list > b.list ? 1 : 0);
