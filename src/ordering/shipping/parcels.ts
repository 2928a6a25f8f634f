/** Longest, middle and shortest side in millimetres. */
export type Sides = readonly [number, number, number];

/** So many pieces of one kind that are sent. A side of 0 was not measured and takes no room. */
export interface CargoLine {
  variantId: string;
  sku: string;
  quantity: number;
  weightGrams: number;
  lengthMm: number;
  widthMm: number;
  heightMm: number;
  shippingClass: string | null;
}

/** What one parcel may weigh and measure; null: whatever it is. */
export interface ParcelLimits {
  maxGrams: number | null;
  maxSides: Sides | null;
}

export interface Parcel {
  grams: number;
  lengthMm: number;
  widthMm: number;
  heightMm: number;
  pieces: { variantId: string; sku: string; quantity: number }[];
}

/** Why a cart does not go into parcels. */
export interface PackingFault {
  code: 'too_heavy' | 'too_large' | 'too_many_parcels';
  detail: string;
}

export const MAX_PARCELS = 200;

interface Open {
  grams: number;
  /** Of the stack: the longest and the widest piece in it, and all their heights. */
  length: number;
  width: number;
  height: number;
  pieces: Parcel['pieces'];
}

const empty = (): Open => ({ grams: 0, length: 0, width: 0, height: 0, pieces: [] });

/** Sides by length, however they were told. */
export const sidesOf = (...sides: [number, number, number]): Sides =>
  sides.sort((a, b) => b - a) as unknown as Sides;

/**
 * Packs by first fit decreasing: the heaviest pieces first, each into the first parcel that still takes it. Pieces lie
 * flat on one another, so a parcel is as long as its longest piece, as wide as its widest, and as high as all of them:
 * a parcel that fits by this rule can really be packed. The same pieces always make the same parcels.
 */
export function pack(lines: readonly CargoLine[], limits: ParcelLimits): Parcel[] | PackingFault {
  const parcels: Open[] = [];
  const heaviestFirst = [...lines].sort(
    (a, b) => b.weightGrams - a.weightGrams || longestOf(b) - longestOf(a) || (a.sku < b.sku ? -1 : 1),
  );
  for (const line of heaviestFirst) {
    let left = line.quantity;
    for (let at = 0; left > 0; at++) {
      if (at === MAX_PARCELS)
        return { code: 'too_many_parcels', detail: `It would be more than ${MAX_PARCELS} parcels.` };
      const isNew = at === parcels.length;
      const parcel = parcels[at] ?? empty();
      const taken = mostOf(parcel, line, left, limits);
      if (isNew && taken === 0) return faultOf(line, limits);
      if (isNew) parcels.push(parcel);
      if (taken > 0) put(parcel, line, taken);
      left -= taken;
    }
  }
  return parcels.map(({ grams, length, width, height, pieces }) => {
    const [lengthMm, widthMm, heightMm] = sidesOf(length, width, height);
    return { grams, lengthMm, widthMm, heightMm, pieces };
  });
}

const longestOf = ({ lengthMm, widthMm, heightMm }: CargoLine): number =>
  Math.max(lengthMm, widthMm, heightMm);

/** How many of `left` pieces the parcel still takes. What fits with more pieces fits with fewer, so it is searched by halves. */
function mostOf(parcel: Open, line: CargoLine, left: number, limits: ParcelLimits): number {
  let [fitting, beyond] = [0, left + 1];
  while (beyond - fitting > 1) {
    const half = Math.floor((fitting + beyond) / 2);
    if (isWithin(grown(parcel, line, half), limits)) fitting = half;
    else beyond = half;
  }
  return fitting;
}

function grown(parcel: Open, line: CargoLine, quantity: number): Omit<Open, 'pieces'> {
  const [length, width, height] = sidesOf(line.lengthMm, line.widthMm, line.heightMm);
  return {
    grams: parcel.grams + quantity * line.weightGrams,
    length: Math.max(parcel.length, length),
    width: Math.max(parcel.width, width),
    height: parcel.height + quantity * height,
  };
}

function isWithin(
  { grams, length, width, height }: Omit<Open, 'pieces'>,
  { maxGrams, maxSides }: ParcelLimits,
): boolean {
  if (maxGrams !== null && grams > maxGrams) return false;
  if (maxSides === null) return true;
  const sides = sidesOf(length, width, height);
  return sides.every((side, at) => side <= (maxSides[at] ?? 0));
}

function put(parcel: Open, line: CargoLine, quantity: number): void {
  const { variantId, sku } = line;
  Object.assign(parcel, grown(parcel, line, quantity));
  parcel.pieces.push({ variantId, sku, quantity });
}

function faultOf({ sku, weightGrams }: CargoLine, { maxGrams }: ParcelLimits): PackingFault {
  return maxGrams !== null && weightGrams > maxGrams
    ? { code: 'too_heavy', detail: `${sku} weighs ${weightGrams} g, a parcel at most ${maxGrams} g.` }
    : { code: 'too_large', detail: `${sku} is larger than a parcel may be.` };
}
