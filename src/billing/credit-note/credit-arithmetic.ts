/** What is left of a line of an invoice that may still be credited, in minor units; below zero where the line is. */
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
 * The tax in what is credited of each line; `wanted` are the gross amounts, none further from zero than what is left of its line.
 *
 * By cumulative difference: after this credit the tax that was credited of each category is its rounded part of the category's
 * tax, whatever was credited before and in however many steps. So all credits add up to the invoice to the cent. Within that no
 * line is credited with more tax, or more net, than it was invoiced with. The last of a category is what is left of its lines.
 */
export function creditTaxes(lines: readonly Creditable[], wanted: readonly bigint[]): bigint[] {
  const taxes = lines.map(() => 0n);
  for (const indexes of byKey(lines)) {
    const members = indexes.flatMap((index) => {
      const line = lines[index];
      return line ? [{ line, index, part: wanted[index] ?? 0n }] : [];
    });
    const sum = (pick: (member: (typeof members)[number]) => bigint) =>
      members.reduce((all, member) => all + pick(member), 0n);
    const isLast = members.every(({ line, part }) => part === leftOf(line));
    const total = sum(({ line }) => line.total);
    const after = sum(({ line, part }) => line.creditedTotal + part);
    const target = divided(sum(({ line }) => line.tax) * after, total) - sum(({ line }) => line.creditedTax);
    const parts =
      isLast && members.some(({ part }) => part !== 0n)
        ? members.map(({ line }) => line.tax - line.creditedTax)
        : shared(
            target,
            members.map(({ line, part }) => boundsOf(line, part)),
          );
    members.forEach(({ index }, at) => (taxes[index] = parts[at] ?? 0n));
  }
  return taxes;
}

const leftOf = ({ total, creditedTotal }: Creditable): bigint => total - creditedTotal;

/** The indexes of the lines that are taxed together. */
function byKey(lines: readonly Creditable[]): number[][] {
  const groups = new Map<string, number[]>();
  lines.forEach(({ key }, index) => groups.set(key, [...(groups.get(key) ?? []), index]));
  return [...groups.values()];
}

interface Bounds {
  readonly least: bigint;
  readonly most: bigint;
  /** The part that the line itself would have, rounded towards zero. */
  readonly own: bigint;
}

function boundsOf(line: Creditable, wanted: bigint): Bounds {
  const leftTax = line.tax - line.creditedTax;
  const leftNet = leftOf(line) - leftTax;
  const least = max(min(0n, leftTax), wanted - max(0n, leftNet));
  const most = min(max(0n, leftTax), wanted - min(0n, leftNet));
  const own = leftOf(line) === 0n ? 0n : (leftTax * wanted) / leftOf(line);
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

/** Rounded half away from zero. */
function divided(a: bigint, b: bigint): bigint {
  if (b === 0n) return 0n;
  const [top, bottom] = [a < 0n ? -a : a, b < 0n ? -b : b];
  const rounded = (2n * top + bottom) / (2n * bottom);
  return a < 0n === b < 0n ? rounded : -rounded;
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/**
 * An amount shared out over what is left of the lines, in proportion; null when there is not so much. Lines below zero have their
 * part below zero. First over what is taxed together and then over the lines of it, so that no category is credited with more than
 * its own either.
 */
export function shareOut(amount: bigint, lines: readonly Creditable[]): bigint[] | null {
  const left = lines.map(leftOf);
  const all = left.reduce((sum, one) => sum + one, 0n);
  if (amount > all) return null;
  const parts = left.map(() => 0n);
  if (all <= 0n) return parts;
  const groups = byKey(lines).map((indexes) => ({
    indexes,
    left: indexes.map((index) => left[index] ?? 0n),
  }));
  const sums = groups.map((group) => group.left.reduce((sum, one) => sum + one, 0n));
  const shares = portions(sums, amount, all, amount);
  groups.forEach((group, at) => {
    const of = portions(group.left, amount, all, shares[at] ?? 0n);
    group.indexes.forEach((index, position) => (parts[index] = of[position] ?? 0n));
  });
  return parts;
}

/** The same part of each, rounded so that they come to `sum`, which is within one of what they come to: by largest remainder. */
function portions(of: readonly bigint[], numerator: bigint, denominator: bigint, sum: bigint): bigint[] {
  const remainder = (one: bigint) => (((one * numerator) % denominator) + denominator) % denominator;
  const parts = of.map((one) => (one * numerator - remainder(one)) / denominator);
  let odd = sum - parts.reduce((all, part) => all + part, 0n);
  const byRemainder = of
    .map((one, index) => ({ index, remainder: remainder(one) }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder) {
    if (odd <= 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    odd -= 1n;
  }
  return parts;
}
