import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, Put, Query, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { csvFile, csvOf } from '../../platform/http/csv.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { AccountMappingDto, AccountMappingInput } from './account-mapping.dto.js';
import { AccountMappings } from './account-mappings.service.js';
import { BatchQuery, EntriesQuery } from './accounting.dto.js';
import { accountingProblems } from './accounting.errors.js';
import { AccountingExports, type EntryLine } from './accounting-exports.service.js';

const COLUMNS = [
  ...([
    'transactionId',
    'position',
    'bookedOn',
    'effectiveAt',
    'kind',
    'sourceType',
    'sourceId',
    'paymentId',
  ] as const),
  ...(['orderId', 'invoiceId', 'invoiceNumber', 'account', 'type', 'currency', 'debit', 'credit'] as const),
];
const CSV = { 200: { contentType: 'text/csv', description: 'The file, as it is read.' } };

/** The books for accountants. */
@ApiTags('Ledger')
@Permissions('billing:ledger:read')
@Controller('v1/admin/ledger')
export class AccountingController {
  constructor(
    private readonly exports: AccountingExports,
    private readonly mappings: AccountMappings,
  ) {}

  @Get('transactions.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'listLedgerTransactionsAsCsv',
    summary: 'Every entry of some days, for a spreadsheet',
    description:
      'A row for each entry of the transactions that are booked on these days, in their order, with debit and credit in units of the ' +
      'currency (`19.99`). Moments are those of `timeZone`. It is sent as it is read, of one moment.',
    answers: CSV,
  })
  entries(@Query() { from, to, currency, timeZone }: EntriesQuery): StreamableFile {
    const rows = this.exports.entries({ from, to, currency: currency ?? null }, timeZone);
    return csvFile(`ledger-${from}-${to}`, csvOf<EntryLine>(COLUMNS, rows));
  }

  @Get('exports/datev')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'exportLedgerForDatev',
    summary: 'A month as a booking batch',
    description:
      'A file like those that DATEV imports (EXTF, Buchungsstapel): a header, and a row for each pair of accounts of each ' +
      'transaction, numbered by `GET /v1/admin/ledger/account-mapping`; rows of a closed month are marked as final. What stands beside the ' +
      'balance sheet is left out, and so is what moves within one account of the accountant.',
    answers: CSV,
    problems: [accountingProblems.accounts_unmapped],
  })
  async batch(@Query() { period, currency }: BatchQuery): Promise<StreamableFile> {
    return new StreamableFile(Readable.from(await this.exports.batch(period, currency)), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="EXTF_Buchungsstapel_${period}_${currency}.csv"`,
    });
  }

  @Get('account-mapping')
  @Operation({
    id: 'getAccountMapping',
    headers: ['ETag'],
    summary: 'Read how the accountant numbers the accounts',
    description: 'With the numbers of consultant and client, and the tax keys of rows.',
    answers: { 200: AccountMappingDto },
  })
  mapping(): Promise<AccountMappingDto> {
    return this.mappings.get();
  }

  @Put('account-mapping')
  @Permissions('billing:ledger:write')
  @Operation({
    id: 'putAccountMapping',
    example: {
      ...{ consultantNumber: 1001, clientNumber: 1, fiscalYearMonth: 1, accountLength: 4, chart: '03' },
      accounts: [
        { account: 'assets:ar', number: '1400' },
        { account: 'assets:provider:{gateway}:clearing', number: '1360' },
        { account: 'income:sales', number: '8400', taxKey: '40' },
        { account: 'liab:tax:DE:19', number: '1776' },
      ],
    },
    headers: ['ETag'],
    summary: 'Say how the accountant numbers the accounts',
    description:
      'All of it: what is left out is taken away. A kind of accounts, such as `liab:tax:{jurisdiction}:{rate}`, counts for all of them ' +
      'that have no number of their own.',
    answers: { 200: AccountMappingDto },
    problems: [platformProblems.stale_version],
  })
  replace(
    @Body() input: AccountMappingInput,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AccountMappingDto> {
    return this.mappings.replace(input, version, actor);
  }
}
