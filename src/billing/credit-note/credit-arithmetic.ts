/** What is left of a line of an invoice that may still be credited, in minor units. */
export interface Creditable {
  /** Lines of one key are taxed together. */
  readonly key: string;
  /** As it was invoiced. */
  readonly total: bigint;
  readonly tax: bigint;
  /** Credited before. */
  readonly creditedTotal: bigint;
  readonly creditedTax: bigint;
}

/**
 * The tax in what is credited of each line; `wanted` are the gross amounts, none more than what is left of its line.
 *
 * By cumulative difference: after this credit the tax that was credited of each category is its rounded part of the category's
 * tax, whatever was credited before and in however many steps. So all credits add up to the invoice to the cent. Within that no
 * line is credited with more tax, or more net, than it was invoiced with.
 */
export function creditTaxes(lines: readonly Creditable[], wanted: readonly bigint[]): bigint[] {
  const taxes = lines.map(() => 0n);
  for (const key of new Set(lines.map((line) => line.key))) {
    const members = lines.flatMap((line, index) => (line.key === key ? [{ line, index }] : []));
    const sum = (pick: (line: Creditable, index: number) => bigint) =>
      members.reduce((all, { line, index }) => all + pick(line, index), 0n);
    const total = sum((line) => line.total);
    const after = sum((line, index) => line.creditedTotal + (wanted[index] ?? 0n));
    const target = divided(sum((line) => line.tax) * after, total) - sum((line) => line.creditedTax);
    const bounds = members.map(({ line, index }) => boundsOf(line, wanted[index] ?? 0n));
    const parts = shared(target, bounds);
    members.forEach(({ index }, at) => (taxes[index] = parts[at] ?? 0n));
  }
  return taxes;
}

interface Bounds {
  readonly least: bigint;
  readonly most: bigint;
  /** The part that the line itself would have, rounded down. */
  readonly own: bigint;
}

function boundsOf({ total, tax, creditedTotal, creditedTax }: Creditable, wanted: bigint): Bounds {
  const leftTotal = total - creditedTotal;
  const leftTax = tax - creditedTax;
  const least = max(0n, wanted - (leftTotal - leftTax));
  const most = min(leftTax, wanted);
  const own = leftTotal === 0n ? 0n : (leftTax * wanted) / leftTotal;
  return { least, most, own: min(max(own, least), most) };
}

/** The target in parts that are near their own and within their bounds; as near to the target as the bounds let it be. */
function shared(target: bigint, bounds: readonly Bounds[]): bigint[] {
  const parts = bounds.map(({ own }) => own);
  let left = target - parts.reduce((sum, part) => sum + part, 0n);
  bounds.forEach(({ least, most }, index) => {
    const part = parts[index] ?? 0n;
    const moved = left > 0n ? min(left, most - part) : max(left, least - part);
    parts[index] = part + moved;
    left -= moved;
  });
  return parts;
}

/** Rounded half up; both are never negative. */
const divided = (a: bigint, b: bigint): bigint => (b === 0n ? 0n : (2n * a + b) / (2n * b));
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** An amount shared out over what is left of the lines, in proportion; null when there is not so much. */
export function shareOut(amount: bigint, lines: readonly Creditable[]): bigint[] | null {
  const left = lines.map(({ total, creditedTotal }) => total - creditedTotal);
  const all = left.reduce((sum, one) => sum + one, 0n);
  if (amount > all) return null;
  if (all === 0n) return left;
  const parts = left.map((one) => (one * amount) / all);
  let odd = amount - parts.reduce((sum, part) => sum + part, 0n);
  for (const [index, part] of parts.entries()) {
    if (odd === 0n) break;
    if (part >= (left[index] ?? 0n)) continue;
    parts[index] = part + 1n;
    odd -= 1n;
  }
  return parts;
}
