import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { LedgerQuery, LedgerTransactionDto, TrialBalanceDto, TrialBalanceQuery } from './ledger.dto.js';
import { LedgerReader } from './ledger.reader.service.js';

const LedgerTransactionPage = PageOf(LedgerTransactionDto);

/** The books, for staff; they can only be read. */
@ApiTags('Ledger')
@Permissions('billing:ledger:read')
@Controller('v1/admin/ledger')
export class LedgerController {
  constructor(private readonly ledger: LedgerReader) {}

  @Get('transactions')
  @Operation({
    id: 'listLedgerTransactions',
    summary: 'List postings with their entries, newest first',
    description:
      'Double entry: the entries of each posting add up to zero in each currency, debit positive, in ' +
      'minor units. Postings are only ever added, never changed. Filter by payment, order, kind, account ' +
      'or time.',
    answers: { 200: LedgerTransactionPage },
    problems: [platformProblems.invalid_cursor],
  })
  transactions(@Query() query: LedgerQuery): Promise<Page<LedgerTransactionDto>> {
    return this.ledger.transactions(query);
  }

  @Get('accounts')
  @Operation({
    id: 'getTrialBalance',
    summary: 'Read the trial balance',
    description:
      'Every account with its kind, debits, credits and balance in minor units: now, of what had happened by `at`, or of what is ' +
      'booked up to the end of the day `on`. The totals are zero, or the books are wrong. `chart` explains the accounts.',
    answers: { 200: TrialBalanceDto },
  })
  accounts(@Query() query: TrialBalanceQuery): Promise<TrialBalanceDto> {
    return this.ledger.trialBalance(query);
  }
}
