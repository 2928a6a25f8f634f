import type { Selector } from './promotion.js';

/** A line as far as its price is concerned. */
export interface SnapshotLine {
  id: string;
  variantId: string;
  productId: string;
  quantity: number;
  /** Of one piece, in minor units. */
  unitPrice: bigint;
  taxClass: string;
  /** A gift card: its value is money, so nothing is taken off and it counts for no condition. */
  isVoucher: boolean;
  /** Those that some promotion asks about. A category is here when the product stands in it or below it. */
  categories: readonly string[];
  collections: readonly string[];
}

/** A variant that some promotion gives away, as the shop has it now. */
export interface GiftOffer {
  variantId: string;
  unitPrice: bigint;
  taxClass: string;
  /** Pieces that are left beside those in the lines. */
  most: number;
}

/** All that promotions look at in a cart. */
export interface Snapshot {
  currency: string;
  lines: readonly SnapshotLine[];
  gifts: readonly GiftOffer[];
  /** Codes of the buyer's customer groups. */
  customerGroups: readonly string[];
  /** Where it is sent, or billed when nothing is sent; null: not known yet. */
  country: string | null;
  /** Null: nobody asked, or nobody knows. */
  isFirstOrder: boolean | null;
}

/** A line (or the shipping) while promotions are tried: what the ones before have left of its price. */
export interface Target {
  /** Null: the shipping. */
  line: SnapshotLine | null;
  quantity: number;
  left: bigint;
}

export const targetsOf = (lines: readonly SnapshotLine[]): Target[] =>
  lines.map((line) => ({ line, quantity: line.quantity, left: line.unitPrice * BigInt(line.quantity) }));

/** Lists of promotions live as long as the rules that hold them: each is made a set of once. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();
export function setOf(ids: readonly string[]): ReadonlySet<string> {
  const known = sets.get(ids);
  if (known) return known;
  const made = new Set(ids);
  sets.set(ids, made);
  return made;
}

type Lists = Pick<Selector, 'variants' | 'products' | 'categories' | 'collections'>;

const names = ({ variants, products, categories, collections }: Lists, line: SnapshotLine): boolean =>
  (variants !== undefined && setOf(variants).has(line.variantId)) ||
  (products !== undefined && setOf(products).has(line.productId)) ||
  (categories !== undefined && line.categories.some((id) => setOf(categories).has(id))) ||
  (collections !== undefined && line.collections.some((id) => setOf(collections).has(id)));

const namesAnything = ({ variants, products, categories, collections }: Lists): boolean =>
  (variants ?? products ?? categories ?? collections) !== undefined;

/** Whether a selector means this; it always means the shipping, and never a gift card. */
export function means(on: Selector | undefined, { line }: Target): boolean {
  if (line === null) return true;
  if (line.isVoucher) return false;
  if (on === undefined) return true;
  if (namesAnything(on) && !names(on, line)) return false;
  return on.except === undefined || !names(on.except, line);
}
