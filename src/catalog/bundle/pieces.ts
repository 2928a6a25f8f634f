import type { Wanted } from '../stock/allocation-plan.js';

interface Line {
  variantId: string;
  quantity: number;
  components?: readonly { variantId: string; quantity: number; stockTracked: boolean }[] | null;
  stockTracked?: boolean;
  location?: string;
}

/**
 * What lines take from the stock: of a bundle its parts, of what nobody counts nothing. A variant that stands in two of them is
 * wanted twice, and both are counted together by whoever takes them.
 */
export function piecesOf(lines: readonly Line[]): Wanted[] {
  return lines.flatMap(({ variantId, quantity, components, stockTracked, location }, line): Wanted[] => {
    if (stockTracked === false) return [];
    const from = location === undefined ? {} : { location };
    if (!components) return [{ variantId, quantity, ...from, of: { line, quantity: 1 } }];
    return components
      .filter((part) => part.stockTracked)
      .map((part) => ({
        variantId: part.variantId,
        quantity: quantity * part.quantity,
        ...from,
        of: { line, quantity: part.quantity },
      }));
  });
}

/** Each variant once for each location that it is wanted from, with all that is wanted of it there. */
export function together(pieces: readonly Wanted[]): Wanted[] {
  const sums = new Map<string, Wanted>();
  for (const { variantId, quantity, location } of pieces) {
    const key = JSON.stringify([variantId, location]);
    const sum = (sums.get(key)?.quantity ?? 0) + quantity;
    sums.set(key, { variantId, quantity: sum, ...(location !== undefined && { location }) });
  }
  return [...sums.values()];
}
