import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import { assertSpan, dayIn } from '../ledger/day.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { PeriodRepository } from '../ledger/period.repository.js';
import { accounts } from '../ledger/posting.js';
import type { DeferredRevenueDto, DeferredRevenueQuery } from './deferred-revenue.dto.js';
import { DeferredRevenueRepository } from './deferred-revenue.repository.js';

/** What is still to be earned, as staff read it. */
@Injectable()
export class DeferredRevenue {
  constructor(
    private readonly database: Database,
    private readonly rows: DeferredRevenueRepository,
    private readonly ledger: LedgerRepository,
    private readonly periods: PeriodRepository,
    private readonly clock: Clock,
  ) {}

  /** The balance of the books beside what the schedules make of it. 400 for a day that there is not. */
  async read({ on: asked, currency: only }: DeferredRevenueQuery): Promise<DeferredRevenueDto> {
    const today = dayIn(await this.periods.timeZone(), this.clock.now());
    assertSpan({ ...(asked !== undefined && { on: asked }) });
    const on = asked ?? today;
    return this.database.snapshot(async () => {
      const books = await this.ledger.trialBalance(null, asked ?? null, only ?? null);
      const months = await this.rows.months(on, only ?? null);
      const balances = new Map(
        books
          .filter(({ account }) => account === accounts.deferredRevenue)
          .map(({ currency, debit, credit }) => [
            currency,
            Money.of(BigInt(credit) - BigInt(debit), currency),
          ]),
      );
      const items = [...balances].map(([currency, balance]) => {
        const mine = months.filter(({ amount }) => amount.currency === currency);
        const all = Money.sum(
          mine.map(({ amount }) => amount),
          currency,
        );
        return {
          balance: balance.toJSON(),
          months: mine.map(({ month, amount }) => ({ month, amount: amount.toJSON() })),
          changedSince: balance.minus(all).toJSON(),
        };
      });
      return { on, items };
    });
  }
}
