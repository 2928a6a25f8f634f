import type { SellableVariant } from '../../catalog/catalog.api.js';
import { mostInOne } from './assessment.js';
import { lineOf } from './cart-lines.js';
import {
  type CartLine,
  isSameLine,
  MAX_LINES,
  MAX_QUANTITY,
  type Particulars,
  quantitiesOf,
  type Wish,
} from './cart.js';
import { Shelf } from './shelf.js';

/** Why pieces stay out of a cart. */
export const LEFT_OUT_REASONS = [
  'variant_unavailable',
  'out_of_stock',
  'max_per_order',
  'max_per_customer',
  'max_quantity',
  'too_many_lines',
] as const;

/** Pieces that were wanted and did not fit. */
export interface LeftOut {
  variantId: string;
  sku: string;
  title: string;
  wanted: number;
  /** Of them, pieces that were put in. */
  taken: number;
  reason: (typeof LEFT_OUT_REASONS)[number];
}

/** Of a line what counts here. */
type Pieces = Particulars & { variantId: string; quantity: number };

interface Room {
  most: number;
  reason: LeftOut['reason'];
}

/**
 * As much as fits of what is wished for beside what lies in a cart, and what does not and why: for what is put in by the
 * lot, where one thing that is gone must not keep out the others. With `inStock` no more than could be had now.
 */
export function fit(
  present: readonly CartLine[],
  wishes: readonly Wish[],
  sellable: readonly SellableVariant[],
  inStock: boolean,
): { lines: CartLine[]; leftOut: LeftOut[] } {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const shelf = new Shelf();
  for (const line of present) {
    const variant = variants.get(line.variantId);
    if (variant) shelf.take(variant, line.quantity);
  }
  // As the cart would be; and the lines that make it so.
  const content: Pieces[] = present.map((line) => ({ ...line }));
  const lines: CartLine[] = [];
  const leftOut: LeftOut[] = [];
  for (const wish of wishes) {
    const variant = variants.get(wish.variantId);
    const room: Room = variant ? roomFor(wish, variant, content) : { most: 0, reason: 'variant_unavailable' };
    const allowed = Math.max(0, Math.min(room.most, wish.quantity));
    const taken = variant && inStock && allowed > 0 ? shelf.look(variant, allowed).obtainable : allowed;
    if (taken < wish.quantity) {
      const { variantId, sku, title, quantity: wanted } = wish;
      const reason = taken < allowed ? 'out_of_stock' : room.reason;
      leftOut.push({ variantId, sku, title, wanted, taken, reason });
    }
    if (!variant || taken === 0) continue;
    for (const list of [content, lines] as Pieces[][]) {
      const before = list.find((line) => isSameLine(line, wish));
      if (before) before.quantity += taken;
      else list.push(lineOf({ ...wish, quantity: taken }, variant));
    }
  }
  return { lines, leftOut };
}

/** How many more there may be of it, and what says so. */
function roomFor(wish: Wish, variant: SellableVariant, content: readonly Pieces[]): Room {
  const same = content.find((line) => isSameLine(line, wish));
  if (!same && content.length >= MAX_LINES) return { most: 0, reason: 'too_many_lines' };
  const rooms: Room[] = [{ most: MAX_QUANTITY - (same?.quantity ?? 0), reason: 'max_quantity' }];
  const [all] = quantitiesOf(content.filter(({ variantId }) => variantId === wish.variantId));
  const limit = mostInOne(variant);
  if (limit) rooms.push({ most: limit.most - (all?.quantity ?? 0), reason: limit.code });
  return rooms.reduce((least, room) => (room.most < least.most ? room : least));
}
