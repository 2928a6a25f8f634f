/** What one location has of one variant, as it stands under lock. */
export interface StockRow {
  id: string;
  variantId: string;
  /** Pieces that lie there and are promised to nobody; negative when more were sold than lie there. */
  free: number;
  /** Pieces that may be sold beyond those that lie there, at this moment. */
  backorderLimit: number;
  priority: number;
}

export interface Wanted {
  variantId: string;
  quantity: number;
  /** Code of the one location that it is to come from; for what is sent, not for what is planned. */
  location?: string;
  /** Of a part of a bundle: which line of the caller it is wanted for, and how many one piece of that takes. */
  of?: { line: number; quantity: number };
}

export interface Taken {
  stockId: string;
  quantity: number;
}

export interface Plan {
  taken: Taken[];
  /** Lines that cannot be served: index in the request, and how many there are. */
  missing: { index: number; available: number }[];
}

/**
 * Which location gives how many. A line comes whole from the first location by priority that has all of it; when
 * none has, it is split, those with the highest priority giving first. Backorders are made only when what lies
 * there is not enough.
 */
export function planAllocation(wanted: readonly Wanted[], stock: readonly StockRow[]): Plan {
  const rows = [...stock]
    .sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))
    .map((row) => ({ ...row }));
  const taken = new Map<string, number>();
  const missing: Plan['missing'] = [];
  const take = (row: StockRow, quantity: number) => {
    if (quantity <= 0) return;
    row.free -= quantity;
    taken.set(row.id, (taken.get(row.id) ?? 0) + quantity);
  };
  wanted.forEach(({ variantId, quantity }, index) => {
    const own = rows.filter((row) => row.variantId === variantId);
    const sum = (has: (row: StockRow) => number) => own.reduce((total, row) => total + has(row), 0);
    if (sum(onBackorder) < quantity) return missing.push({ index, available: sum(onBackorder) });
    const has = sum(onHand) >= quantity ? onHand : onBackorder;
    const whole = own.find((row) => has(row) >= quantity);
    if (whole) return take(whole, quantity);
    let left = quantity;
    for (const give of [onHand, onBackorder]) {
      for (const row of own) {
        const part = Math.min(left, give(row));
        take(row, part);
        left -= part;
      }
    }
    return undefined;
  });
  return { taken: [...taken].map(([stockId, quantity]) => ({ stockId, quantity })), missing };
}

const onHand = ({ free }: StockRow): number => Math.max(free, 0);
const onBackorder = ({ free, backorderLimit }: StockRow): number => Math.max(free + backorderLimit, 0);
