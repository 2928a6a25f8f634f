import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { PaymentGateway, type SettlementLine } from '../gateway/payment-gateway.port.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { CaseRepository } from './case.repository.js';
import { type RunRow, RunRepository } from './run.repository.js';
import { SettlementLineRepository } from './settlement-line.repository.js';
import { dueOf, type KeptLine, openingOf, postingsOf, verdictOn } from './settlement.js';

const AT_ONCE = 100;
/** A gateway may tell of a movement a day late. */
const GRACE_MS = 86_400_000;

/**
 * Holds what a gateway says of its account with us against the books, line by line. Fees and payouts are booked from their
 * lines; whatever else does not fit becomes a case for a person. Every step is its own transaction and finds
 * what was done before: a run that is doubled, or dies in the middle, does no harm.
 */
@Injectable()
export class Reconciliation {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly gateway: PaymentGateway,
    private readonly lines: SettlementLineRepository,
    private readonly cases: CaseRepository,
    private readonly runs: RunRepository,
    private readonly ledger: LedgerRepository,
    private readonly clock: Clock,
  ) {}

  /** Carries out the runs that wait. */
  async work(): Promise<void> {
    for (let run = await this.runs.claim(); run !== null; run = await this.runs.claim()) {
      try {
        await this.carryOut(run);
      } catch (error) {
        this.log.warn(`reconciliation ${run.id} is tried again: ${String(error)}`);
        await this.runs.failed(run.id, String(error));
      }
    }
  }

  private async carryOut(run: RunRow): Promise<void> {
    if (run.gateway !== this.gateway.code) throw new Error(`the gateway ${run.gateway} is not configured`);
    const began = this.clock.now();
    const begun = (await this.lines.begun(run.gateway)) ?? run.createdAt;
    let told = 0;
    let chunk: SettlementLine[] = [];
    const take = async (): Promise<void> => {
      const taken = chunk;
      chunk = [];
      told += taken.length;
      await this.step(run, async (now) => {
        const lines = await this.lines.keep(run.gateway, taken, now);
        const open = lines.filter(({ status }) => status !== 'matched');
        for (const line of await this.open(open, begun, now)) await this.look(line, now);
      });
    };
    for await (const line of this.gateway.settlementLines(run.from, run.to)) {
      chunk.push(line);
      if (chunk.length === AT_ONCE) await take();
    }
    if (chunk.length > 0) await take();
    await this.lookAgain(run, begun);
    await this.step(run, (now) => this.comparePayouts(run, began, now));
    await this.step(run, (now) => this.findUntold(run, now));
    const counts = await this.lines.counts(run.gateway, run.from, run.to);
    const openCases = await this.cases.countOpen(run.gateway);
    await this.runs.finish(run.id, { told, ...counts, openCases }, this.clock.now());
    if (openCases > 0) this.log.warn(`${openCases} cases between the books and ${run.gateway} need a person`);
  }

  private async step(run: RunRow, work: (now: Date) => Promise<void>): Promise<void> {
    await this.database.transaction(async () => {
      await this.lines.lock();
      await work(this.clock.now());
      await this.runs.holdOn(run.id);
    });
  }

  /** What was not there when a line was told may be by now. */
  private async lookAgain(run: RunRow, begun: Date): Promise<void> {
    for (let after: string | null = null, more = true; more;) {
      await this.step(run, async (now) => {
        const lines = await this.lines.unmatched(run.gateway, after, AT_ONCE);
        for (const line of await this.open(lines, begun, now)) await this.look(line, now);
        after = lines.at(-1)?.id ?? null;
        more = lines.length === AT_ONCE;
      });
    }
  }

  /**
   * What is older than the books, such as a charge of before that the first payout has in it, is what the account began with. It is
   * so until the first posting, and no later than the first run: what a gateway tells after that is held against the books.
   * A charge of ours that is lost is none of that, however old. Answers the lines that are none of that: of an account that is old
   * a first run is told of thousands.
   */
  private async open(lines: readonly KeptLine[], begun: Date, now: Date): Promise<readonly KeptLine[]> {
    const old = lines.filter(({ at, told }) => at < begun && told === null);
    const strange = old.length === 0 ? new Set<string>() : await this.lines.strange(old);
    if (strange.size === 0) return lines;
    const of = { paymentId: null, orderId: null, invoiceId: null };
    const opened = old.filter(({ id }) => strange.has(id));
    await this.ledger.postAll(
      opened.flatMap((line) => openingOf(line).map((posting) => ({ of, posting, effectiveAt: line.at }))),
    );
    // Told otherwise later it is a difference, and booked no second time.
    await this.lines.match(opened.map((line) => ({ id: line.id, booked: dueOf(line) })));
    await this.cases.settle('line', [...strange], now);
    return lines.filter(({ id }) => !strange.has(id));
  }

  private async look(line: KeptLine, now: Date): Promise<void> {
    const { status, candidate, expected, found } = verdictOn(line, await this.lines.candidates(line));
    const { paymentId = null, orderId = null, invoiceId = null, transactionId = null } = candidate ?? {};
    const due = line.booked === 0n ? dueOf(line) : 0n;
    if (due !== 0n) await this.ledger.post({ paymentId, orderId, invoiceId }, postingsOf(line), line.at);
    await this.lines.decide(line.id, status, transactionId, line.booked + due);
    if (transactionId !== null) await this.cases.settle('transaction', [transactionId], now);
    if (status === 'matched') return this.cases.settle('line', [line.id], now);
    const { gateway, currency } = line;
    await this.cases.open(
      {
        gateway,
        kind: status,
        subjectType: 'line',
        subjectId: line.id,
        paymentId,
        expected,
        found,
        currency,
      },
      now,
    );
  }

  /** What went to the bank is what its lines come to. */
  private async comparePayouts({ gateway }: RunRow, since: Date, now: Date): Promise<void> {
    for (const { id, currency, paid, lines } of await this.lines.payouts(gateway, since)) {
      if (paid === lines) await this.cases.settle('payout', [id], now);
      else
        await this.cases.open(
          {
            ...{ gateway, kind: 'amount_diff', subjectType: 'payout', subjectId: id, paymentId: null },
            ...{ expected: lines, found: paid, currency },
          },
          now,
        );
    }
  }

  private async findUntold({ gateway, from, to }: RunRow, now: Date): Promise<void> {
    const until = new Date(Math.min(to.getTime(), now.getTime()) - GRACE_MS);
    for (const { id, paymentId, currency, moved } of await this.lines.untold(gateway, from, until))
      await this.cases.open(
        {
          ...{ gateway, kind: 'missing_there', subjectType: 'transaction', subjectId: id, paymentId },
          ...{ expected: moved, found: null, currency },
        },
        now,
      );
  }
}
