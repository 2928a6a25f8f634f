import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { Cursors, type Page, type PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { RevenueRecognition } from '../deferral/revenue-recognition.service.js';
import { CHAIN_START } from './chain.js';
import { dayIn, lastDay, monthAfter, monthOf } from './day.js';
import { LedgerChain } from './ledger-chain.service.js';
import { ledgerProblems } from './ledger.errors.js';
import { LedgerPeriodDto } from './period.dto.js';
import { PeriodRepository } from './period.repository.js';

/** Whoever holds days that are to be earned is done in a moment. */
const TRIES = 4;
const PAUSE_MS = 100;

/** Months of the books, closed one after the other and for good. */
@Injectable()
export class LedgerPeriods {
  constructor(
    private readonly database: Database,
    private readonly rows: PeriodRepository,
    private readonly chain: LedgerChain,
    private readonly recognition: RevenueRecognition,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** A page of months, newest first. */
  async list({ limit, cursor }: PageQuery): Promise<Page<LedgerPeriodDto>> {
    const [before = null] = this.cursors.decode('ledger periods', cursor) ?? [];
    const rows = await this.rows.list(before as string | null, limit + 1);
    const page = this.cursors.page('ledger periods', rows, limit, ({ period }) => [period]);
    return { ...page, items: page.items.map((row) => LedgerPeriodDto.from(row)) };
  }

  /**
   * Closes a month: nothing is booked in it any more, and what takes effect in it later is booked on the first open day. A
   * closed one stays as it is. 409 when it is not over, not the next one, or the books do not balance; 503 while somebody holds
   * what it is still to earn.
   */
  async close(period: string, actor: Actor): Promise<LedgerPeriodDto> {
    // Before any work: most of what is refused is refused here.
    if ((await this.closed(period)) === null) await this.assertNext(period);
    for (let tries = 1; ; tries++) {
      // The last day of a month is earned when it is over: it belongs to it.
      await this.recognition.catchUp();
      // Most of the work, while everybody may still post.
      await this.chain.seal();
      const closed = await this.closeEarned(period, actor);
      if (closed !== null) return closed;
      if (tries === TRIES)
        throw platformProblems.unavailable('Revenue of the month is being changed.', { retryAfter: 2 });
      await setTimeout(PAUSE_MS * tries);
    }
  }

  /** Null, and nothing is done: not all days of the month are earned. */
  private closeEarned(period: string, actor: Actor): Promise<LedgerPeriodDto | null> {
    return this.database.transaction(async () => {
      await this.rows.stopBooking();
      const closed = await this.closed(period);
      if (closed !== null) return answered(closed);
      await this.assertNext(period);
      // Whoever gave something back just then held its days, and they were left out.
      if (await this.recognition.isDue(lastDay(period))) return null;
      await this.chain.seal();
      const currencies = await this.rows.unbalanced(lastDay(period));
      if (currencies.length > 0)
        throw ledgerProblems.period_unbalanced(`The books do not balance in ${currencies.join(', ')}.`);
      const { position, hash } = (await this.chain.head()) ?? { position: 0, hash: CHAIN_START };
      await this.rows.close(period, this.clock.now(), actorId(actor), position, hash);
      this.audit.record({
        actor,
        action: 'billing.ledger_period.closed',
        subjectType: 'ledger_period',
        subjectId: period,
        details: { position, seal: hash },
      });
      const row = await this.closed(period);
      if (row === null) throw new Error('a month that was closed is not there');
      return answered(row);
    });
  }

  private async closed(period: string): Promise<LedgerPeriodDto | null> {
    const row = await this.rows.find(period);
    return row && LedgerPeriodDto.from(row);
  }

  private async assertNext(period: string): Promise<void> {
    const { closed, first } = await this.rows.ends();
    const nextPeriod = closed === null ? first : monthAfter(closed);
    if (period !== nextPeriod) throw ledgerProblems.period_out_of_order(undefined, { extra: { nextPeriod } });
    const today = dayIn(await this.rows.timeZone(), this.clock.now());
    if (period >= monthOf(today)) throw ledgerProblems.period_not_over();
  }
}

/** In the transaction that closes: days are earned in others before it, so that nobody waits for the whole of it. */
function answered(period: LedgerPeriodDto): LedgerPeriodDto {
  Idempotency.current()?.answer(200, period);
  return period;
}
