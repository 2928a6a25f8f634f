/** Where something goes, as far as its price is concerned. */
export interface Destination {
  country: string;
  region: string | null;
  postalCode: string | null;
}

/**
 * A part of a country: a region, a range of postal codes, or codes within a region. A code belongs to a range when its
 * beginning lies between both ends: `10` to `12` has 10115 and 12999, `SW1` to `SW1` is every code that begins so.
 */
export interface Area {
  country: string;
  region: string | null;
  postalFrom: string | null;
  postalTo: string | null;
}

interface Place {
  id: string;
  /** Whole countries; `*` is everywhere else. */
  countries: readonly string[];
  areas: readonly Area[];
}

/** Postal codes are compared in capitals and without what people write between the letters. */
export const plainCode = (code: string | null): string =>
  (code ?? '').toUpperCase().replace(/[^A-Z0-9]/g, '');
export const plainRegion = (region: string | null): string => (region ?? '').trim().toLowerCase();

/**
 * The most specific of the zones that a destination lies in: postal codes within a region go before postal codes, those
 * before a region, a region before its country, and that before everywhere else. Of two ranges the narrower one wins.
 */
export function zoneFor<Zone extends Place>(
  zones: readonly Zone[],
  destination: Destination,
): Zone | undefined {
  let best: { zone: Zone; rank: Rank } | undefined;
  for (const zone of zones) {
    const rank = rankOf(zone, destination);
    if (rank === null) continue;
    if (best === undefined || isBefore(rank, best.rank, zone.id < best.zone.id)) best = { zone, rank };
  }
  return best?.zone;
}

/** How closely a zone describes a destination; `width` is the share of all codes that the range takes. */
interface Rank {
  level: number;
  width: number;
}

const isBefore = (a: Rank, b: Rank, otherwise: boolean): boolean =>
  a.level === b.level ? a.width < b.width || (a.width === b.width && otherwise) : a.level > b.level;

function rankOf({ countries, areas }: Place, destination: Destination): Rank | null {
  const ranks = areas.flatMap((area) => rankOfArea(area, destination) ?? []);
  if (countries.includes(destination.country)) ranks.push({ level: 1, width: 1 });
  if (countries.includes('*')) ranks.push({ level: 0, width: 1 });
  return ranks.reduce<Rank | null>(
    (best, rank) => (best === null || isBefore(rank, best, false) ? rank : best),
    null,
  );
}

function rankOfArea(area: Area, { country, region, postalCode }: Destination): Rank | null {
  if (area.country !== country) return null;
  const isRegional = area.region !== null;
  if (isRegional && plainRegion(area.region) !== plainRegion(region)) return null;
  if (area.postalFrom === null) return isRegional ? { level: 2, width: 1 } : { level: 1, width: 1 };
  const [from, to] = [area.postalFrom, area.postalTo ?? area.postalFrom];
  const code = plainCode(postalCode);
  const beginning = code.slice(0, from.length);
  if (code.length < from.length || beginning < from || beginning > to) return null;
  return { level: isRegional ? 4 : 3, width: widthOf(from, to) };
}

const LETTERS = 36;
/** Of all codes that there could be, from 0 to 1; a range within another one is never the wider of the two. */
const widthOf = (from: string, to: string): number =>
  (parseInt(to, LETTERS) - parseInt(from, LETTERS) + 1) / LETTERS ** from.length;
