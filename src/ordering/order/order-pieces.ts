import type { OrderLine } from './order.js';

/** Pieces of a line that its money stands for: neither came back nor were refunded. */
export const paidPieces = ({ quantity, returned, refunded }: OrderLine): number =>
  quantity - returned - refunded;

/** Pieces that were not sent yet. */
export const unsentPieces = ({ quantity, fulfilled }: OrderLine): number => quantity - fulfilled;

/** Of those, pieces that no fulfilment holds: what is planned or packed is taken out of that first. */
export const openPieces = (line: OrderLine): number => unsentPieces(line) - line.planned;

/**
 * Pieces that the buyer has, paid for and has not asked to send back. One that was replaced is among them: its replacement
 * costs nothing, so the money of both stands here.
 */
export const returnablePieces = (line: OrderLine): number =>
  line.fulfilled - line.returned - line.refunded - line.askedBack;

/** Pieces that may be sent again for nothing: each once, and then its replacement. */
export const replaceablePieces = (line: OrderLine): number => returnablePieces(line) - line.replaced;

/** What has become of the pieces of a line that nothing has happened to. */
export const UNTOUCHED = {
  delivered: 0,
  planned: 0,
  canceled: 0,
  returned: 0,
  refunded: 0,
  replaced: 0,
  askedBack: 0,
  awaiting: 0,
} as const;

/**
 * The share of `part` out of `whole` equal pieces by largest remainder, the first pieces getting the odd units. Taken from
 * what the last one left, it is the same in whatever steps the pieces go, and together they are the whole.
 */
export function shareOf(amount: bigint, whole: number, part: number): bigint {
  if (part === 0) return 0n;
  const [pieces, taken] = [BigInt(whole), BigInt(part)];
  const odd = amount % pieces;
  return (amount / pieces) * taken + (taken < odd ? taken : odd);
}
