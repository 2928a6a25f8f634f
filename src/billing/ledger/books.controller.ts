import { Readable } from 'node:stream';
import { Controller, Get, Header, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { csvFile, csvOf } from '../../platform/http/csv.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { LedgerIntegrityDto } from './books.dto.js';
import { LedgerChain } from './ledger-chain.service.js';
import { ledgerProblems } from './ledger.errors.js';
import { LedgerPeriodDto, LedgerPeriodParams } from './period.dto.js';
import { LedgerPeriods } from './periods.service.js';
import { StatementDto, StatementFileQuery, StatementQuery } from './statement.dto.js';
import { type StatementFileLine, knownAccount, Statements } from './statements.service.js';

const COLUMNS = [
  ...(['account', 'bookedOn', 'effectiveAt', 'kind', 'sourceType', 'sourceId', 'paymentId'] as const),
  ...(['orderId', 'invoiceId', 'transactionId', 'position', 'currency', 'amount', 'balance'] as const),
];

/** Statements, months and the proof of the books, for staff. */
@ApiTags('Ledger')
@Permissions('billing:ledger:read')
@Controller('v1/admin/ledger')
export class BooksController {
  constructor(
    private readonly statements: Statements,
    private readonly periods: LedgerPeriods,
    private readonly chain: LedgerChain,
  ) {}

  @Get('accounts/:code/statement')
  @Operation({
    id: 'getLedgerStatement',
    summary: 'Read the statement of an account',
    description:
      'The balance at the beginning of `from`, what moved the account on the days up to and with `to` in their order, with the ' +
      'balance after each line, and the balance at the end, in minor units, debit positive. Days are those of booking: a posting of ' +
      'a closed month stands on the first open day, with the moment of its fact in `effectiveAt`. All pages of one reading ' +
      'tell of the same moment (`asOf`), whatever is booked in the meantime.',
    answers: { 200: StatementDto },
    problems: [ledgerProblems.account_not_found, platformProblems.invalid_cursor],
  })
  statement(@Param('code') code: string, @Query() query: StatementQuery): Promise<StatementDto> {
    return this.statements.page(code, query);
  }

  @Get('accounts/:code/statement.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getLedgerStatementAsCsv',
    summary: 'Read the statement of an account, for a spreadsheet',
    description:
      'All lines of one reading between those of the opening and the closing balance, with amounts in units of the currency (`19.99`).',
    answers: { 200: { contentType: 'text/csv', description: 'The file, as it is read.' } },
    problems: [ledgerProblems.account_not_found],
  })
  statementFile(@Param('code') code: string, @Query() query: StatementFileQuery): StreamableFile {
    knownAccount(code);
    const name = `statement-${code.replace(/[^\w]+/g, '-')}`;
    return csvFile(name, csvOf<StatementFileLine>(COLUMNS, this.statements.all(code, query)));
  }

  @Get('periods')
  @Operation({
    id: 'listLedgerPeriods',
    summary: 'List the months of the books, newest first',
    description: 'Months in which something was booked, with who closed them and the seal of that moment.',
    answers: { 200: PageOf(LedgerPeriodDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: PageQuery): Promise<Page<LedgerPeriodDto>> {
    return this.periods.list(query);
  }

  @Post('periods/:period/closing')
  @Permissions('billing:ledger:write')
  @Operation({
    id: 'closeLedgerPeriod',
    summary: 'Close a month for good',
    description:
      'Months are closed in their order, once they are over in the time zone of the seller and when the books balance; none is opened ' +
      'again. What takes effect in a closed month afterwards is booked on the first open day and keeps its `effectiveAt`. Asked again ' +
      'for a closed month, it answers what was done. 503 while revenue of the month is being given back.',
    answers: { 200: LedgerPeriodDto },
    problems: [
      ledgerProblems.period_not_over,
      ledgerProblems.period_out_of_order,
      ledgerProblems.period_unbalanced,
      platformProblems.unavailable,
    ],
    idempotency: 'accepted-steps',
  })
  close(@Param() { period }: LedgerPeriodParams, @CurrentActor() actor: Actor): Promise<LedgerPeriodDto> {
    return this.periods.close(period, actor);
  }

  @Get('integrity')
  @Operation({
    id: 'verifyLedger',
    summary: 'Recompute every seal of the books',
    description:
      'It reads the whole ledger: `npm run verify-ledger` does the same from a shell, of the store or of an export.',
    answers: { 200: LedgerIntegrityDto },
  })
  verify(): Promise<LedgerIntegrityDto> {
    return this.chain.verify();
  }

  @Get('export')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'exportLedger',
    summary: 'Send the sealed books whole',
    description:
      'A line of JSON for each transaction in the order of booking, with its seal (`sha256(seal before || canonical)`), one for each ' +
      'signed checkpoint, and at the end one with `head`. `npm run verify-ledger -- export.jsonl` needs nothing else to find a ' +
      'transaction that was changed, taken out or put in; a head that was kept elsewhere (`--head`) tells that the end was not cut ' +
      'off. It is sent as it is read, however long it is.',
    answers: { 200: { contentType: 'application/x-ndjson', description: 'One object on each line.' } },
  })
  export(): StreamableFile {
    return new StreamableFile(Readable.from(this.chain.export()), {
      type: 'application/x-ndjson',
      disposition: 'attachment; filename="ledger.jsonl"',
    });
  }
}
