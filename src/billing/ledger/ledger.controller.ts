import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { LedgerQuery, LedgerTransactionDto, TrialBalanceDto, TrialBalanceQuery } from './ledger.dto.js';
import { LedgerRepository } from './ledger.repository.js';

const LedgerTransactionPage = PageOf(LedgerTransactionDto);
const instant = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

/** The books, for staff; they can only be read. */
@ApiTags('Ledger')
@Permissions('billing:ledger:read')
@Controller('v1/admin/ledger')
export class LedgerController {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly cursors: Cursors,
  ) {}

  @Get('transactions')
  @Operation({
    id: 'listLedgerTransactions',
    summary: 'List postings with their entries, newest first',
    answers: { 200: LedgerTransactionPage },
    problems: [platformProblems.invalid_cursor],
  })
  async transactions(@Query() query: LedgerQuery): Promise<Page<LedgerTransactionDto>> {
    const { limit, cursor, paymentId = null, orderId = null, kind = null, account = null } = query;
    const filter = { paymentId, orderId, kind, account, from: instant(query.from), to: instant(query.to) };
    const list = `ledger ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.ledger.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, (row) => [row.effective_at.toISOString(), row.id]);
    return { ...page, items: page.items.map((row) => LedgerTransactionDto.from(row)) };
  }

  @Get('accounts')
  @Operation({
    id: 'getTrialBalance',
    summary: 'Read the trial balance',
    description:
      'Every account with its debits, credits and balance. The totals are zero, or the books are wrong.',
    answers: { 200: TrialBalanceDto },
  })
  async accounts(@Query() { at, currency }: TrialBalanceQuery): Promise<TrialBalanceDto> {
    return TrialBalanceDto.from(await this.ledger.trialBalance(instant(at), currency ?? null));
  }
}
