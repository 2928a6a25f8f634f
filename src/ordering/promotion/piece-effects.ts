import type { Effect } from './promotion.js';
import { means, type Target } from './snapshot.js';

/** Pieces of one target, all of one price. */
interface Pieces {
  index: number;
  target: Target;
  count: number;
}

/**
 * Of each `every` pieces the cheapest is free, taken together: of seven with "every third" two are, the two cheapest.
 */
export function cheapestFree(
  { every, on }: Effect & { type: 'cheapest_free' },
  targets: readonly Target[],
): bigint[] {
  const pieces = cheapestFirst(targets, (target) => means(on, target));
  let left = Math.floor(count(pieces) / every);
  const amounts = targets.map(() => 0n);
  for (const { index, target, count: there } of pieces) {
    const taken = Math.min(left, there);
    amounts[index] = priceOf(target, taken);
    left -= taken;
  }
  return amounts;
}

/**
 * As many whole sets as the cart holds: `buy.quantity` pieces at their price and `get.quantity` others cheaper. A piece
 * counts once; the cheaper ones are the cheapest that leave enough to be bought.
 */
export function buyXGetY(
  { buy, get, ppm, times }: Effect & { type: 'buy_x_get_y' },
  targets: readonly Target[],
  partOf: (amount: bigint, ppm: number) => bigint,
): bigint[] {
  const isBought = (target: Target) => means(buy.on, target);
  const gettable = cheapestFirst(targets, (target) => means(get.on, target));
  const either = count(gettable.filter(({ target }) => isBought(target)));
  const onlyGot = count(gettable) - either;
  const onlyBought = count(cheapestFirst(targets, isBought)) - either;
  /** Pieces that could be either and have to be bought, when there are so many sets. */
  const needed = (sets: number) => Math.max(0, sets * buy.quantity - onlyBought);
  const fits = (sets: number) => needed(sets) + Math.max(0, sets * get.quantity - onlyGot) <= either;
  const sets = greatest(times ?? Infinity, Math.floor(count(gettable) / get.quantity), fits);

  let left = sets * get.quantity;
  let spare = either - needed(sets);
  const amounts = targets.map(() => 0n);
  for (const { index, target, count: there } of gettable) {
    const both = isBought(target);
    const taken = Math.min(left, there, both ? spare : there);
    amounts[index] = partOf(priceOf(target, taken), ppm);
    left -= taken;
    if (both) spare -= taken;
  }
  return amounts;
}

/** Cheapest pieces first; of one price in the order of the cart. */
function cheapestFirst(targets: readonly Target[], isMeant: (target: Target) => boolean): Pieces[] {
  const pieces: Pieces[] = [];
  targets.forEach((target, index) => {
    if (isMeant(target)) pieces.push({ index, target, count: target.quantity });
  });
  // Compared crosswise, for a price of a piece may be no whole number once something was taken off its line.
  return pieces.sort((a, b) => {
    const difference = a.target.left * BigInt(b.target.quantity) - b.target.left * BigInt(a.target.quantity);
    return difference === 0n ? a.index - b.index : difference < 0n ? -1 : 1;
  });
}

const count = (pieces: readonly Pieces[]): number => pieces.reduce((sum, { count: n }) => sum + n, 0);

/** What so many pieces of a target have cost so far, rounded down: the rest of the line keeps the cent. */
const priceOf = ({ left, quantity }: Target, pieces: number): bigint =>
  pieces === quantity ? left : (left * BigInt(pieces)) / BigInt(quantity);

/** The greatest whole number, neither above `limit` nor `most`, that fits; whatever is below one that fits does too. */
function greatest(limit: number, most: number, fits: (n: number) => boolean): number {
  let [low, high] = [0, Math.max(0, Math.min(limit, most))];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
