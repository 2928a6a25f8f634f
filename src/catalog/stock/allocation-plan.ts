/** What one location has of one variant, as it stands under lock. */
export interface StockRow {
  id: string;
  variantId: string;
  /** Pieces that may be promised, backorders included. */
  free: number;
  priority: number;
}

export interface Wanted {
  variantId: string;
  quantity: number;
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
 * Which location gives how many. A line comes whole from the first location by priority that has all of it;
 * when none has, it is split, those with the highest priority giving first.
 */
export function planAllocation(wanted: readonly Wanted[], stock: readonly StockRow[]): Plan {
  const rows = [...stock]
    .sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))
    .map((row) => ({ ...row }));
  const taken = new Map<string, number>();
  const missing: Plan['missing'] = [];
  const take = (row: StockRow, quantity: number) => {
    row.free -= quantity;
    taken.set(row.id, (taken.get(row.id) ?? 0) + quantity);
  };
  wanted.forEach(({ variantId, quantity }, index) => {
    const candidates = rows.filter((row) => row.variantId === variantId && row.free > 0);
    const available = candidates.reduce((sum, { free }) => sum + free, 0);
    if (available < quantity) {
      missing.push({ index, available });
      return;
    }
    const whole = candidates.find(({ free }) => free >= quantity);
    if (whole) return take(whole, quantity);
    let left = quantity;
    for (const row of candidates) {
      const part = Math.min(left, row.free);
      if (part > 0) take(row, part);
      left -= part;
    }
  });
  return { taken: [...taken].map(([stockId, quantity]) => ({ stockId, quantity })), missing };
}
