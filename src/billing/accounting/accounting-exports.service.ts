import { Injectable } from '@nestjs/common';
import { Temporal } from 'temporal-polyfill';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { chartAccountOf } from '../ledger/chart.js';
import { assertSpan, firstDay, lastDay } from '../ledger/day.js';
import { LedgerChain } from '../ledger/ledger-chain.service.js';
import { type AccountMapping, isBeside, mappedAccount } from './account-mapping.js';
import { AccountMappingRepository } from './account-mapping.repository.js';
import { accountingProblems } from './accounting.errors.js';
import {
  AccountingExportRepository,
  type ExportedTransaction,
  type ExportSpan,
} from './accounting-export.repository.js';
import { COLUMNS, entryLine, headerLine, pairsOf } from './datev.js';

/** One entry for a spreadsheet. */
export interface EntryLine extends Omit<ExportedTransaction, 'effectiveAt' | 'entries' | 'id'> {
  readonly transactionId: string;
  readonly effectiveAt: string;
  readonly account: string;
  readonly type: string;
  readonly currency: string;
  readonly debit: { amount: number; currency: string } | null;
  readonly credit: { amount: number; currency: string } | null;
}

const AT_ONCE = 500;

/** The books for those who work with them elsewhere; sent as they are read, of one place of the chain. */
@Injectable()
export class AccountingExports {
  constructor(
    private readonly rows: AccountingExportRepository,
    private readonly mappings: AccountMappingRepository,
    private readonly chain: LedgerChain,
    private readonly clock: Clock,
  ) {}

  /** Every entry of these days, with the moments of a time zone. 400 for days or a zone that there are not. */
  entries(span: ExportSpan, timeZone: string | undefined): AsyncGenerator<EntryLine> {
    assertSpan({ from: span.from, to: span.to });
    if (timeZone !== undefined) assertZone(timeZone);
    return this.entriesIn(span, timeZone);
  }

  /**
   * A month as a booking batch, without what stands beside the balance sheet. 422 names the accounts that have no number; they are
   * looked for before the first line is sent.
   */
  async batch(period: string, currency: string): Promise<AsyncGenerator<string>> {
    await this.chain.seal();
    const span = { from: firstDay(period), to: lastDay(period), currency };
    const { mapping } = await this.mappings.find();
    const accounts = (await this.rows.accounts(span)).filter(
      (code) => !isBeside(code) && mappedAccount(mapping, code) === null,
    );
    if (accounts.length > 0)
      throw accountingProblems.accounts_unmapped(undefined, { extra: { accounts: accounts.slice(0, 100) } });
    return this.batchOf(span, mapping, period);
  }

  private async *entriesIn(span: ExportSpan, asked: string | undefined): AsyncGenerator<EntryLine> {
    const zone = asked ?? (await this.rows.timeZone());
    for await (const { entries, id, effectiveAt, ...of } of this.transactions(span))
      for (const { account, currency, amount } of entries) {
        const money = Money.of(BigInt(amount), currency);
        yield {
          ...of,
          ...{ transactionId: id, effectiveAt: localTime(effectiveAt, zone), account, currency },
          type: chartAccountOf(account)?.type ?? '',
          debit: money.isNegative() ? null : money.toJSON(),
          credit: money.isNegative() ? money.negated().toJSON() : null,
        };
      }
  }

  private async *batchOf(span: ExportSpan & { currency: string }, mapping: AccountMapping, period: string) {
    const isClosed = await this.rows.isClosed(span.from);
    const zone = await this.rows.timeZone();
    const madeAt = localTime(this.clock.now(), zone).replace(/\D/g, '').slice(0, 14);
    const { consultantNumber, clientNumber, accountLength, chart } = mapping;
    const header = headerLine({
      ...{ consultantNumber, clientNumber, accountLength, chart, currency: span.currency, isClosed },
      ...{ from: span.from, to: span.to, title: `Guildhall ${period}`, madeAt: `${madeAt}000` },
      fiscalYearStart: yearStart(span.from, mapping.fiscalYearMonth),
    });
    // With the mark by which programs know UTF-8.
    yield `\uFEFF${header}\r\n${COLUMNS.join(';')}\r\n`;
    for await (const { entries, bookedOn, kind, position, invoiceNumber, id } of this.transactions(span)) {
      const legs = entries.filter(({ account }) => !isBeside(account));
      for (const row of pairsOf(legs.map(({ account, amount }) => ({ account, units: BigInt(amount) })))) {
        const [debit, credit] = [mappedAccount(mapping, row.debit), mappedAccount(mapping, row.credit)];
        if (debit === null || credit === null)
          throw new Error('an account lost its number while it was exported');
        // What is at home on one account of the accountant does not move there.
        if (debit.number === credit.number) continue;
        const [units = ''] = Money.of(row.units, span.currency).toString().split(' ');
        yield `${entryLine({
          ...{ amount: units.replace('.', ','), currency: span.currency, day: bookedOn, isClosed },
          ...{ debit: debit.number, credit: credit.number, taxKey: credit.taxKey ?? debit.taxKey },
          ...{ document: invoiceNumber ?? id, document2: String(position), text: kind },
        })}\r\n`;
      }
    }
  }

  private async *transactions(span: ExportSpan): AsyncGenerator<ExportedTransaction> {
    await this.chain.seal();
    const asOf = await this.rows.head();
    let after: readonly [string, string] | null = null;
    for (let more = true; more;) {
      const rows: ExportedTransaction[] = await this.rows.transactions(span, asOf, after, AT_ONCE);
      yield* rows;
      const last = rows.at(-1);
      after = last ? [last.bookedOn, last.id] : null;
      more = rows.length === AT_ONCE;
    }
  }
}

const localTime = (at: Date, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', fractionalSecondDigits: 3 });

function assertZone(zone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
  } catch {
    const message = 'must be an IANA zone, such as Europe/Berlin';
    throw platformProblems.invalid_input(undefined, {
      errors: [{ pointer: '/query/timeZone', code: 'unknown', message }],
    });
  }
}

/** The first day of the year of the books in which this day lies. */
function yearStart(day: string, month: number): string {
  const date = Temporal.PlainDate.from(day);
  const start = date.with({ month, day: 1 });
  return (Temporal.PlainDate.compare(start, date) > 0 ? start.subtract({ years: 1 }) : start).toString();
}
