import type { StockPlace } from './movement.repository.js';

/** What is left of a variant in all locations, before and after something moved. */
export interface Move {
  variantId: string;
  before: number;
  after: number;
  lowStockAt: number | null;
}

/** Sums the rows of variants, all of them, before and after; what one location owes, another does not lack. */
export function movesOf(before: readonly StockPlace[], after: readonly StockPlace[]): Move[] {
  const moves = new Map<string, Move>();
  const add = (side: 'before' | 'after', { variantId, free, lowStockAt }: StockPlace) => {
    const move = moves.get(variantId) ?? { variantId, before: 0, after: 0, lowStockAt };
    move[side] += Math.max(free, 0);
    moves.set(variantId, move);
  };
  for (const place of before) add('before', place);
  for (const place of after) add('after', place);
  return [...moves.values()];
}

/** The last piece above the threshold went: once, until there are more again. */
export const becameLow = ({ before, after, lowStockAt }: Move): boolean =>
  lowStockAt !== null && before > lowStockAt && after <= lowStockAt;

/** There was none, and now there is. */
export const cameBack = ({ before, after }: Move): boolean => before === 0 && after > 0;
