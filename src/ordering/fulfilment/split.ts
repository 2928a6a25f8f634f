import type { Piece, StockPick } from './fulfilment.js';

/** What a location gives to the order. */
export interface Source {
  variantId: string;
  location: string;
  locationName: string;
  quantity: number;
  shipped: number;
}

export interface SplitLine {
  id: string;
  variantId: string;
  stockTracked: boolean;
  components: readonly { variantId: string; quantity: number; stockTracked: boolean }[] | null;
}

export interface Place {
  code: string;
  name: string;
}

/** What leaves from one place. */
export interface Share {
  /** Null: of several, or of none because nobody counts it. */
  place: Place | null;
  lines: Piece[];
  picks: StockPick[];
}

export interface Split {
  shares: Share[];
  /** Lines of which the place, or all of them together, give less than was wanted. */
  missing: { lineId: string; most: number }[];
}

/** What is promised to an order and still lies there, less what is planned already. */
export class Shelf {
  readonly places: readonly Place[];
  private readonly free = new Map<string, number>();

  /** `planned`: the picks of fulfilments that have not left. */
  constructor(sources: readonly Source[], planned: readonly StockPick[]) {
    const places = new Map(sources.map(({ location, locationName }) => [location, locationName]));
    this.places = [...places].map(([code, name]) => ({ code, name }));
    for (const { variantId, location, quantity, shipped } of sources)
      this.add(variantId, location, quantity - shipped);
    for (const { variantId, location, quantity } of planned) this.add(variantId, location, -quantity);
  }

  at(variantId: string, { code }: Place): number {
    return Math.max(0, this.free.get(`${variantId} ${code}`) ?? 0);
  }

  everywhere(variantId: string): number {
    return this.places.reduce((sum, place) => sum + this.at(variantId, place), 0);
  }

  take(variantId: string, place: Place, quantity: number): void {
    this.add(variantId, place.code, -quantity);
  }

  private add(variantId: string, code: string, quantity: number): void {
    const key = `${variantId} ${code}`;
    this.free.set(key, (this.free.get(key) ?? 0) + quantity);
  }
}

interface Part {
  variantId: string;
  quantity: number;
}

/** What one piece of a line takes from the shelf. */
const partsOf = ({ variantId, stockTracked, components }: SplitLine): Part[] =>
  components === null
    ? stockTracked
      ? [{ variantId, quantity: 1 }]
      : []
    : components.filter((part) => part.stockTracked);

/**
 * Parts the wanted pieces by where they lie, the first place first, taking them off the shelf. Pieces of a bundle stay whole: one
 * whose parts lie apart belongs to no single place. What nobody counts goes with the first share. `only`: this place and
 * no other gives.
 */
export function split(
  lines: readonly SplitLine[],
  wanted: readonly Piece[],
  shelf: Shelf,
  only: Place | null = null,
): Split {
  const shares = new Map<string | null, Share>();
  const shareOf = (place: Place | null): Share => {
    const share = shares.get(place?.code ?? null) ?? { place, lines: [], picks: [] };
    shares.set(place?.code ?? null, share);
    return share;
  };
  const loose: Piece[] = [];
  const missing: Split['missing'] = [];
  for (const { lineId, quantity } of wanted) {
    const line = lines.find(({ id }) => id === lineId);
    const parts = line ? partsOf(line) : [];
    if (parts.length === 0) {
      loose.push({ lineId, quantity });
      continue;
    }
    let left = quantity;
    for (const place of only ? [only] : shelf.places) {
      const pieces = Math.min(
        left,
        wholes(parts, (part) => shelf.at(part.variantId, place)),
      );
      if (pieces === 0) continue;
      left -= pieces;
      const share = shareOf(place);
      share.lines.push({ lineId, quantity: pieces });
      for (const part of parts) take(share, lineId, part, place, pieces * part.quantity, shelf);
    }
    const apart = only
      ? 0
      : Math.min(
          left,
          wholes(parts, (part) => shelf.everywhere(part.variantId)),
        );
    if (apart > 0) {
      left -= apart;
      const share = shareOf(null);
      share.lines.push({ lineId, quantity: apart });
      for (const part of parts) takeAnywhere(share, lineId, part, apart * part.quantity, shelf);
    }
    if (left > 0) missing.push({ lineId, most: quantity - left });
  }
  if (loose.length > 0) (shares.values().next().value ?? shareOf(only)).lines.push(...loose);
  return { shares: [...shares.values()], missing };
}

/** How many whole pieces these parts make, the scarcest deciding. */
const wholes = (parts: readonly Part[], free: (part: Part) => number): number =>
  Math.min(...parts.map((part) => Math.floor(free(part) / part.quantity)));

function take(share: Share, lineId: string, part: Part, place: Place, quantity: number, shelf: Shelf): void {
  shelf.take(part.variantId, place, quantity);
  share.picks.push({ lineId, variantId: part.variantId, location: place.code, quantity });
}

function takeAnywhere(share: Share, lineId: string, part: Part, quantity: number, shelf: Shelf): void {
  let left = quantity;
  for (const place of shelf.places) {
    const here = Math.min(left, shelf.at(part.variantId, place));
    if (here === 0) continue;
    left -= here;
    take(share, lineId, part, place, here, shelf);
  }
}
