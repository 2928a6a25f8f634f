/** Room between neighbours: so often, halved each time, something fits in between without moving anybody else. */
const STEP = 2 ** 32;

/**
 * Places for `wanted`, in ascending order. As many as possible stay where they are (`present` has their places), so that
 * a list that is read page by page while somebody changes it neither repeats nor skips what was not itself moved.
 */
export function placesFor(wanted: readonly string[], present: ReadonlyMap<string, number>): number[] {
  const staying = longestRise(wanted.map((id) => present.get(id)));
  const places: number[] = [];
  for (const [index, at] of [...staying, wanted.length].entries()) {
    const before = staying[index - 1];
    const left = before === undefined ? null : (present.get(wanted[before] ?? '') ?? null);
    const right = at === wanted.length ? null : (present.get(wanted[at] ?? '') ?? null);
    const filling = fill(left, right, at - places.length);
    // Nothing fits in there any more: everybody moves, and there is room again.
    if (filling === null) return wanted.map((_, place) => (place + 1) * STEP);
    places.push(...filling, ...(right === null ? [] : [right]));
  }
  return places;
}

/** `count` places between two others; null when there are not so many. */
function fill(left: number | null, right: number | null, count: number): number[] | null {
  const nth = (of: (n: number) => number) => Array.from({ length: count }, (_, index) => of(index + 1));
  if (left !== null && right !== null) {
    const step = Math.floor((right - left) / (count + 1));
    return count > 0 && step === 0 ? null : nth((n) => left + n * step);
  }
  if (right !== null) return nth((n) => right - (count + 1 - n) * STEP);
  return nth((n) => (left ?? 0) + n * STEP);
}

/** Indexes of the longest strictly rising part of the values; what has no value is not in it. */
function longestRise(values: readonly (number | undefined)[]): number[] {
  /** Of each length the index of the lowest value that such a part ends with. */
  const ends: number[] = [];
  const previous: (number | undefined)[] = [];
  values.forEach((value, index) => {
    if (value === undefined) return;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = ends[low - 1];
    ends[low] = index;
  });
  const rise: number[] = [];
  for (let index = ends.at(-1); index !== undefined; index = previous[index]) rise.push(index);
  return rise.reverse();
}
