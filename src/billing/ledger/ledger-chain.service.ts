import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { CHAIN_START, type ChainFindings, ChainWalk, type Checkpoint, type Link, sealOf } from './chain.js';
import { lineOf } from './exported-chain.js';
import { type ChainHead, LedgerChainRepository } from './ledger-chain.repository.js';

const BATCH = 1_000;

/** What a look at the whole chain in its database has found. */
export interface LedgerReport extends ChainFindings {
  readonly isWhole: boolean;
  /** Transactions that wait for their seal, a minute at most. */
  readonly unsealed: number;
  /** Transactions that were put in past the books: neither sealed nor waiting. */
  readonly strangers: number;
  /** Sums of a day and an account that are not those of its transactions. */
  readonly differingDays: number;
}

/**
 * Chains the books: each transaction is hashed together with the hash before, in the order of booking and behind its commit, so
 * that nobody changes, takes out or puts in one without breaking all that come after it. A checkpoint a day is signed
 * with a key that the database does not have: who may write to the database alone cannot hash everything anew.
 */
@Injectable()
export class LedgerChain {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    private readonly rows: LedgerChainRepository,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.key = config.key('ledger-checkpoint');
  }

  /** Seals what waits; answers how many. Safe to repeat and to run beside itself; a transaction that is open is joined. */
  async seal(): Promise<number> {
    let sealed = 0;
    for (let last = BATCH; last === BATCH; sealed += last)
      last = await this.database.transaction(() => this.sealBatch());
    return sealed;
  }

  /** Writes down what the chain has come to today, once a day. */
  async checkpoint(): Promise<void> {
    await this.seal();
    const head = await this.rows.head();
    if (head === null) return;
    const day = this.clock.now().toISOString().slice(0, 10);
    await this.rows.addCheckpoint(day, head, this.sign({ day, ...head }));
  }

  /** The last link; null before the first. */
  head(): Promise<ChainHead | null> {
    return this.rows.head();
  }

  /** Looks at everything. It reads the whole ledger: for a command or a night job. */
  async verify(): Promise<LedgerReport> {
    const walk = new ChainWalk();
    let forged: string | null = null;
    for (const checkpoint of await this.rows.checkpoints()) {
      walk.expect(checkpoint);
      if (checkpoint.signature !== this.sign(checkpoint)) forged ??= checkpoint.day;
    }
    for await (const link of this.links(Number.MAX_SAFE_INTEGER)) walk.add(link);
    const findings = walk.findings;
    const brokenCheckpoint =
      [findings.brokenCheckpoint, forged].filter((day) => day !== null).sort()[0] ?? null;
    const rest = await this.rows.rest();
    const isWhole =
      findings.brokenAt === null &&
      brokenCheckpoint === null &&
      findings.unbalanced + rest.strangers + rest.differingDays === 0;
    return { ...findings, brokenCheckpoint, ...rest, isWhole };
  }

  /**
   * The chain as lines of JSON, all that is needed to verify it elsewhere: links, checkpoints behind their place, and at the
   * end `head`, without which the file was cut off.
   */
  async *export(): AsyncGenerator<string> {
    await this.seal();
    const head = (await this.rows.head()) ?? { position: 0, hash: CHAIN_START };
    const checkpoints = (await this.rows.checkpoints()).filter(({ position }) => position <= head.position);
    let next = 0;
    for await (const link of this.links(head.position)) {
      yield `${lineOf(link)}\n`;
      for (let due = checkpoints[next]; due && due.position <= link.position; due = checkpoints[++next])
        yield `${lineOf({ checkpoint: due })}\n`;
    }
    yield `${lineOf({ head })}\n`;
  }

  private async *links(until: number): AsyncGenerator<Link> {
    for (let after = 0, more = true; more;) {
      const links: Link[] = await this.rows.links(after, until, BATCH);
      yield* links;
      after = links.at(-1)?.position ?? after;
      more = links.length === BATCH;
    }
  }

  private async sealBatch(): Promise<number> {
    await this.rows.lock();
    const head = (await this.rows.head()) ?? { position: 0, hash: CHAIN_START };
    const due = await this.rows.takeUnsealed(BATCH);
    if (due.length === 0) return 0;
    let hash = head.hash;
    const hashes = due.map((transaction) => (hash = sealOf(hash, transaction)));
    await this.rows.seal(
      head.position,
      due.map(({ id }) => id),
      hashes,
    );
    return due.length;
  }

  private sign({ day, position, hash }: Omit<Checkpoint, 'signature'>): string {
    return createHmac('sha256', this.key)
      .update(JSON.stringify([day, position, hash]))
      .digest('hex');
  }
}
