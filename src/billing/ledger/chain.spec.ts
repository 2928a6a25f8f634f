import fc from 'fast-check';
import {
  CHAIN_START,
  ChainWalk,
  type Checkpoint,
  type Link,
  type SealedTransaction,
  sealOf,
} from './chain.js';
import { lineOf, verifyLines } from './exported-chain.js';

const id = fc.uuid();
const amounts = fc.integer({ min: 1, max: 10_000_000 });
const transaction: fc.Arbitrary<SealedTransaction> = fc
  .record({
    id,
    sourceId: id,
    orderId: fc.option(id),
    amount: amounts,
    kind: fc.constantFrom('payment_captured', 'dispute_lost'),
  })
  .map(({ amount, ...of }) => ({
    ...of,
    ...{ sourceType: 'operation', paymentId: null, invoiceId: null, reversesId: null },
    ...{
      effectiveAt: '2026-11-21T10:00:00.000000Z',
      bookedOn: '2026-11-21',
      recordedAt: '2026-11-21T10:00:01.000000Z',
    },
    entries: [
      { account: 'assets:bank', currency: 'EUR', amount: String(amount) },
      { account: 'liab:unapplied', currency: 'EUR', amount: String(-amount) },
    ],
  }));

const chained = (transactions: readonly SealedTransaction[]): Link[] => {
  let hash = CHAIN_START;
  return transactions.map((each, at) => ({
    position: at + 1,
    hash: (hash = sealOf(hash, each)),
    transaction: each,
  }));
};

const linesOf = (links: readonly Link[]): string[] => {
  const { position, hash } = links.at(-1) ?? { position: 0, hash: CHAIN_START };
  return [...links, { head: { position, hash } }].map((line) => lineOf(line));
};
async function* each(lines: readonly string[]) {
  for (const line of lines) yield await Promise.resolve(line);
}

const chains = fc.array(transaction, { minLength: 1, maxLength: 12 }).map(chained);

describe('the chain of the books', () => {
  it('is whole as it was made, and its checkpoints agree', async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (links) => {
        const found = await verifyLines(each(linesOf(links)), links[0]?.hash);
        expect(found).toMatchObject({ isWhole: true, transactions: links.length, holdsKept: true });
      }),
      { numRuns: 50 },
    );
  });

  it('shows a change of any character of any line', async () => {
    await fc.assert(
      fc.asyncProperty(chains, fc.nat(), fc.nat(), async (links, atLine, atCharacter) => {
        const lines = linesOf(links);
        const line = atLine % lines.length;
        const text = lines[line] ?? '';
        const place = atCharacter % text.length;
        const changed = text[place] === '7' ? '8' : '7';
        lines[line] = text.slice(0, place) + changed + text.slice(place + 1);
        expect((await verifyLines(each(lines))).isWhole).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('shows what was taken out, cut off, put in or moved', async () => {
    await fc.assert(
      fc.asyncProperty(chains, transaction, fc.nat(), async (links, stranger, at) => {
        const lines = linesOf(links);
        const place = at % links.length;
        const without = lines.filter((_, index) => index !== place);
        const position = place + 1;
        const put = lineOf({ position, hash: links[place]?.hash ?? '', transaction: stranger });
        const bad = [
          without,
          lines.slice(0, -1),
          lines.slice(0, place),
          [...lines.slice(0, place), put, ...lines.slice(place)],
          [...lines, put],
          ...(links.length > 1 ? [[lines[1] ?? '', lines[0] ?? '', ...lines.slice(2)]] : []),
        ];
        for (const file of bad) expect((await verifyLines(each(file))).isWhole).toBe(false);
        const kept = links[0]?.hash ?? '';
        const hashedAnew = linesOf(
          chained([stranger, ...links.slice(1).flatMap(({ transaction: t }) => t ?? [])]),
        );
        expect(await verifyLines(each(hashedAnew))).toMatchObject({ isWhole: true });
        expect(await verifyLines(each(hashedAnew), kept)).toMatchObject({ isWhole: false, holdsKept: false });
      }),
      { numRuns: 50 },
    );
  });

  it('is held against its checkpoints, also where it was cut shorter', () => {
    const links = fc.sample(chains, { numRuns: 1, seed: 7 })[0] ?? [];
    const [first] = links;
    if (!first) throw new Error('there is a first');
    const checkpoint = (position: number, hash: string): Checkpoint => ({
      ...{ day: '2026-11-21', signature: '' },
      ...{ position, hash },
    });
    const walk = (...checkpoints: Checkpoint[]) => {
      const walked = new ChainWalk();
      for (const each of checkpoints) walked.expect(each);
      for (const link of links) walked.add(link);
      return walked.findings;
    };
    expect(walk(checkpoint(1, first.hash))).toMatchObject({ brokenCheckpoint: null, checkpoints: 1 });
    expect(walk(checkpoint(1, CHAIN_START)).brokenCheckpoint).toBe('2026-11-21');
    expect(walk(checkpoint(links.length + 1, first.hash)).brokenCheckpoint).toBe('2026-11-21');
  });

  it('tells of transactions that do not balance, though they are sealed', () => {
    const [link] = fc.sample(chains, { numRuns: 1, seed: 3 })[0] ?? [];
    if (!link?.transaction) throw new Error('there is a first');
    const [leg, ...rest] = link.transaction.entries;
    if (!leg) throw new Error('it has legs');
    const bent = { ...link.transaction, entries: [{ ...leg, amount: `${leg.amount}1` }, ...rest] };
    const walk = new ChainWalk();
    for (const each of chained([bent])) walk.add(each);
    expect(walk.findings).toMatchObject({ brokenAt: null, unbalanced: 1 });
  });
});
