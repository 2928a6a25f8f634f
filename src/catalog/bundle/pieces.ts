import type { Wanted } from '../stock/allocation-plan.js';

interface Line {
  variantId: string;
  quantity: number;
  components?: readonly { variantId: string; quantity: number; stockTracked: boolean }[] | null;
  stockTracked?: boolean;
}

/**
 * What lines take from the stock: of a bundle its parts, of what nobody counts nothing. A variant that stands in two of them is
 * wanted twice, and both are counted together by whoever takes them.
 */
export function piecesOf(lines: readonly Line[]): Wanted[] {
  return lines.flatMap(({ variantId, quantity, components, stockTracked }, line): Wanted[] => {
    if (stockTracked === false) return [];
    if (!components) return [{ variantId, quantity, of: { line, quantity: 1 } }];
    return components
      .filter((part) => part.stockTracked)
      .map((part) => ({
        variantId: part.variantId,
        quantity: quantity * part.quantity,
        of: { line, quantity: part.quantity },
      }));
  });
}

/** Each variant once, with all that is wanted of it. */
export function together(pieces: readonly Wanted[]): Wanted[] {
  const sums = new Map<string, number>();
  for (const { variantId, quantity } of pieces) sums.set(variantId, (sums.get(variantId) ?? 0) + quantity);
  return [...sums].map(([variantId, quantity]) => ({ variantId, quantity }));
}
