import { createHash } from 'node:crypto';

/** A transaction as it was hashed. PostgreSQL writes times and amounts as text, so that nothing reads them in its own way. */
export interface SealedTransaction {
  readonly id: string;
  readonly kind: string;
  readonly sourceType: string;
  readonly sourceId: string;
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly reversesId: string | null;
  readonly effectiveAt: string;
  readonly bookedOn: string;
  readonly recordedAt: string;
  readonly entries: readonly { account: string; currency: string; amount: string }[];
}

export interface Link {
  readonly position: number;
  /** SHA-256 in hex. */
  readonly hash: string;
  /** Null: it is gone. */
  readonly transaction: SealedTransaction | null;
}

/** What the chain came to on a day; `signature` is the shop's own and proves that it was written down then. */
export interface Checkpoint {
  readonly day: string;
  readonly position: number;
  readonly hash: string;
  readonly signature: string;
}

/** Before the first link. */
export const CHAIN_START = '0'.repeat(64);

/** The one text of a transaction: a JSON list without white space, in the order of the fields, with its entries as lists. */
export const canonical = ({ entries, ...of }: SealedTransaction): string =>
  JSON.stringify([
    ...[of.id, of.kind, of.sourceType, of.sourceId, of.paymentId, of.orderId, of.invoiceId, of.reversesId],
    ...[of.effectiveAt, of.bookedOn, of.recordedAt],
    entries.map(({ account, currency, amount }) => [account, currency, amount]),
  ]);

/** `sha256(hash before || canonical)`, in hex. */
export const sealOf = (before: string, transaction: SealedTransaction): string =>
  createHash('sha256').update(Buffer.from(before, 'hex')).update(canonical(transaction)).digest('hex');

/** What a look at a chain has found. */
export interface ChainFindings {
  readonly transactions: number;
  /** The last hash: keep it elsewhere to prove the past later. */
  readonly head: string;
  /** The first place that does not fit; null when all do. */
  readonly brokenAt: number | null;
  /** Transactions whose entries do not add up to zero in each currency. */
  readonly unbalanced: number;
  readonly checkpoints: number;
  /** The first day whose checkpoint says something else than the chain; null when all agree. */
  readonly brokenCheckpoint: string | null;
}

/** Follows a chain from its beginning: the links in their order, each checkpoint at any time after its place was reached. */
export class ChainWalk {
  private position = 0;
  private hash = CHAIN_START;
  private brokenAt: number | null = null;
  private unbalanced = 0;
  private checkpoints = 0;
  private brokenCheckpoint: string | null = null;
  private readonly awaited = new Map<number, Checkpoint[]>();

  /** Checkpoints may be told before the walk reaches their place. */
  expect(checkpoint: Checkpoint): void {
    this.checkpoints++;
    if (checkpoint.position === this.position) this.compare(checkpoint);
    else
      this.awaited.set(checkpoint.position, [...(this.awaited.get(checkpoint.position) ?? []), checkpoint]);
  }

  add({ position, hash, transaction }: Link): void {
    const expected = transaction === null ? null : sealOf(this.hash, transaction);
    if (position !== this.position + 1 || expected !== hash)
      this.brokenAt ??= Math.min(position, this.position + 1);
    if (transaction !== null && !isBalanced(transaction)) this.unbalanced++;
    // Goes on from what is written, so that the places behind a fault are still looked at.
    [this.position, this.hash] = [position, hash];
    for (const checkpoint of this.awaited.get(position) ?? []) this.compare(checkpoint);
    this.awaited.delete(position);
  }

  /** Checkpoints whose place was never reached are broken: the chain was longer once. */
  get findings(): ChainFindings {
    const [missing] = [...this.awaited.values()].flat().map(({ day }) => day);
    return {
      transactions: this.position,
      head: this.hash,
      brokenAt: this.brokenAt,
      unbalanced: this.unbalanced,
      checkpoints: this.checkpoints,
      brokenCheckpoint: this.brokenCheckpoint ?? missing ?? null,
    };
  }

  private compare({ day, hash }: Checkpoint): void {
    if (hash !== this.hash) this.brokenCheckpoint ??= day;
  }
}

function isBalanced({ entries }: SealedTransaction): boolean {
  const sums = new Map<string, bigint>();
  for (const { currency, amount } of entries) sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
  return entries.length >= 2 && [...sums.values()].every((sum) => sum === 0n);
}
