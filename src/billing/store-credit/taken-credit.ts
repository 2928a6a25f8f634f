/** What a payment took of credit with one end, and has not been given back. */
export interface Taken {
  position: number;
  left: bigint;
  /** Null: for ever. */
  expiresAt: Date | null;
}

/** A part of what comes back: with the end that it had. */
export interface Returned {
  position: number;
  amount: bigint;
  expiresAt: Date | null;
}

/**
 * Which of what was taken comes back with so much. What ends first was taken first, so it comes back last: together all
 * refunds give back what was taken, each with its end. Never more than was taken.
 */
export function comesBack(taken: readonly Taken[], amount: bigint): Returned[] {
  let open = amount;
  return [...taken].sort(lastFirst).flatMap(({ position, left, expiresAt }) => {
    const part = left < open ? left : open;
    open -= part;
    return part > 0n ? [{ position, amount: part, expiresAt }] : [];
  });
}

const lastFirst = (a: Taken, b: Taken): number => endOf(b) - endOf(a) || b.position - a.position;

/** What never ends is after every day that a clock can tell. */
const endOf = ({ expiresAt }: Taken): number => expiresAt?.getTime() ?? 8.64e15 + 1;
