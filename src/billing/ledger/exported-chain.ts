import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type ChainFindings,
  ChainWalk,
  type Checkpoint,
  type Link,
  type SealedTransaction,
} from './chain.js';

/** What a look at an exported chain has found. */
export interface ExportFindings extends ChainFindings {
  readonly isWhole: boolean;
  /** The file ends with the head that it was exported with: nothing was cut off. */
  readonly isComplete: boolean;
  /** Whether the hash that was asked for is one of the chain; null when none was asked for. */
  readonly holdsKept: boolean | null;
  /** The first line that is none of an export; null when all are. */
  readonly badLine: number | null;
}

interface Head {
  readonly position: number;
  readonly hash: string;
}
type Line = Link | { readonly checkpoint: Checkpoint } | { readonly head: Head };

/** The one way to write a line: nothing in it is beside what is hashed. */
export function lineOf(line: Line): string {
  if ('head' in line) return JSON.stringify({ head: { position: line.head.position, hash: line.head.hash } });
  if ('checkpoint' in line) {
    const { day, position, hash, signature } = line.checkpoint;
    return JSON.stringify({ checkpoint: { day, position, hash, signature } });
  }
  const { position, hash, transaction } = line;
  return JSON.stringify({ position, hash, transaction: transaction && fieldsOf(transaction) });
}

const fieldsOf = (of: SealedTransaction): SealedTransaction => ({
  ...{ id: of.id, kind: of.kind, sourceType: of.sourceType, sourceId: of.sourceId },
  ...{ paymentId: of.paymentId, orderId: of.orderId, invoiceId: of.invoiceId, reversesId: of.reversesId },
  ...{ effectiveAt: of.effectiveAt, bookedOn: of.bookedOn, recordedAt: of.recordedAt },
  entries: of.entries.map(({ account, currency, amount }) => ({ account, currency, amount })),
});

/** Verifies an export with nothing but its lines; `kept` is a hash that somebody has written down earlier. */
export async function verifyLines(
  lines: AsyncIterable<string>,
  kept: string | null = null,
): Promise<ExportFindings> {
  const walk = new ChainWalk();
  let head: Head | null = null;
  let badLine: number | null = null;
  let holdsKept = kept === null ? null : false;
  let number = 0;
  for await (const text of lines) {
    number++;
    try {
      // Behind the head nothing follows.
      if (head !== null) throw new Error('after the end');
      const line = JSON.parse(text) as Line;
      if (lineOf(line) !== text) throw new Error('written in another way');
      if ('head' in line) head = line.head;
      else if ('checkpoint' in line) walk.expect(line.checkpoint);
      else {
        walk.add(line);
        if (line.hash === kept) holdsKept = true;
      }
    } catch {
      badLine ??= number;
    }
  }
  const findings = walk.findings;
  const isComplete = head?.position === findings.transactions && head.hash === findings.head;
  const isWhole =
    isComplete &&
    badLine === null &&
    findings.brokenAt === null &&
    findings.brokenCheckpoint === null &&
    findings.unbalanced === 0 &&
    holdsKept !== false;
  return { ...findings, isWhole, isComplete, holdsKept, badLine };
}

/** The same of a file. */
export const verifyFile = (path: string, kept: string | null): Promise<ExportFindings> =>
  verifyLines(createInterface({ input: createReadStream(path), crlfDelay: Infinity }), kept);
