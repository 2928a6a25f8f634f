import type { MoneyJson } from './money.js';

const MILLION = 1_000_000n;

/**
 * What takes something off every piece by itself: a part of its price (parts per million), an amount, or all that is
 * above a price. Plain JSON.
 */
export type PieceEffect =
  { type: 'percent'; ppm: number } | { type: 'amount' | 'fixed_price'; money: MoneyJson };

/** Pieces of one kind, and what is left of their price together, in minor units. */
export interface Pieces {
  quantity: number;
  left: bigint;
}

/** The one point where a percentage is rounded: half away from zero, never more than the whole. */
export const partOf = (amount: bigint, ppm: number): bigint =>
  ppm >= Number(MILLION) ? amount : (2n * amount * BigInt(ppm) + MILLION) / (2n * MILLION);

/** Minor units that an effect takes off these pieces, never more than is left of them; nothing in another currency. */
export function offPieces(effect: PieceEffect, { quantity, left }: Pieces, currency: string): bigint {
  if (effect.type === 'percent') return partOf(left, effect.ppm);
  if (effect.money.currency !== currency) return 0n;
  const all = BigInt(effect.money.amount) * BigInt(quantity);
  if (effect.type === 'amount') return all < left ? all : left;
  return left > all ? left - all : 0n;
}

/** The higher priority goes first; equal ones by id. */
export const byPriority = (
  a: { priority: number; id: string },
  b: { priority: number; id: string },
): number => b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** One that might be applied: whether nothing else may be beside it, and what it would take off if there were no other. */
export interface Runner {
  exclusive: boolean;
  gives(): bigint;
}

/**
 * Which of those that match is applied alone; none: all are, one after the other, each on what is left. In the mode `best`
 * it is the one that gives most, of equals the first; in the mode `stack` the first exclusive one that gives anything.
 */
export function soleOf<R extends Runner>(mode: 'stack' | 'best', runners: readonly R[]): R | undefined {
  if (mode === 'stack') return runners.find((one) => one.exclusive && one.gives() > 0n);
  let best: R | undefined;
  for (const one of runners) if (one.gives() > (best?.gives() ?? 0n)) best = one;
  return best;
}
