import { byPriority, offPieces, type PieceEffect, soleOf } from '../../platform/money/discount.js';
import type { MoneyJson } from '../../platform/money/money.js';

interface Lists {
  variants?: readonly string[];
  products?: readonly string[];
  categories?: readonly string[];
  collections?: readonly string[];
}

/** Goods that one of the lists names, without those that `except` names; without lists all. A category holds what is below it. */
export interface Scope extends Lists {
  except?: Lists;
}

/** A promotion that needs nothing but the goods, and at most a group of the buyer's, as ordering tells of it. */
export interface Terms {
  title: string;
  priority: number;
  exclusive: boolean;
  startsAt: string | null;
  endsAt: string | null;
  currency: string | null;
  /** Of each of these the buyer is in one. */
  groups: readonly (readonly string[])[];
  /** All of them mean the goods. */
  scopes: readonly Scope[];
  effect: PieceEffect;
}

export interface ListedPromotion extends Terms {
  id: string;
}

/** How promotions on lines are picked: `best` alone, or all of them. */
export type ListedMode = 'stack' | 'best';

/** One piece of a variant at its price in the shop. */
export interface Piece {
  variantId: string;
  productId: string;
  kind: string;
  price: MoneyJson;
  /** Those that some promotion names. */
  categories: readonly string[];
  collections: readonly string[];
}

/** What one piece costs with promotions, which these are, and until when at the most. */
export interface PromotedPrice {
  titles: string[];
  price: MoneyJson;
  endsAt: string | null;
}

/** Who looks at prices, in which currency, and when. */
export interface Looking {
  currency: string;
  groups: readonly string[];
  now: Date;
}

/** Those that hold then, for somebody in these groups and for prices in this currency; in their order. */
export const offeredTo = (
  promotions: readonly ListedPromotion[],
  { currency, groups, now }: Looking,
): ListedPromotion[] =>
  promotions
    .filter(({ startsAt }) => startsAt === null || new Date(startsAt) <= now)
    .filter(({ endsAt }) => endsAt === null || now < new Date(endsAt))
    .filter((one) => one.currency === null || one.currency === currency)
    .filter((one) => one.groups.every((asked) => asked.some((group) => groups.includes(group))))
    .sort(byPriority);

/**
 * What promotions make of the price of one piece: the cent that the cart will say when it holds nothing else and names no
 * code, for both stand on the same arithmetic. Null when they take nothing off it. `promotions` are in their order.
 */
export function promotedPrice(
  piece: Piece,
  promotions: readonly ListedPromotion[],
  mode: ListedMode,
): PromotedPrice | null {
  // A gift card is money: nothing is taken off it.
  if (piece.kind === 'gift_card') return null;
  const { amount, currency } = piece.price;
  const whole = BigInt(amount);
  const off = ({ effect }: ListedPromotion, left: bigint) =>
    offPieces(effect, { quantity: 1, left }, currency);
  const runners = promotions
    .filter(({ scopes }) => scopes.every((scope) => means(scope, piece)))
    .map((one) => ({ one, exclusive: one.exclusive, gives: () => off(one, whole) }));
  const sole = soleOf(mode, runners);
  let left = whole;
  const applied: ListedPromotion[] = [];
  for (const { one } of sole ? [sole] : runners) {
    const taken = off(one, left);
    if (taken === 0n) continue;
    left -= taken;
    applied.push(one);
  }
  if (applied.length === 0) return null;
  const ends = applied.flatMap(({ endsAt }) => endsAt ?? []).sort();
  return {
    titles: applied.map(({ title }) => title),
    price: { amount: Number(left), currency },
    endsAt: ends[0] ?? null,
  };
}

function means(scope: Scope, piece: Piece): boolean {
  const { variants, products, categories, collections } = scope;
  const namesAnything = (variants ?? products ?? categories ?? collections) !== undefined;
  if (namesAnything && !names(scope, piece)) return false;
  return scope.except === undefined || !names(scope.except, piece);
}

const names = (lists: Lists, { variantId, productId, categories, collections }: Piece): boolean =>
  holds(lists.variants, [variantId]) ||
  holds(lists.products, [productId]) ||
  holds(lists.categories, categories) ||
  holds(lists.collections, collections);

/** Terms are kept as long as they hold: each of their lists is made a set of once. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();
function holds(list: readonly string[] | undefined, ids: readonly string[]): boolean {
  if (list === undefined) return false;
  const set = sets.get(list) ?? new Set(list);
  sets.set(list, set);
  return ids.some((id) => set.has(id));
}
