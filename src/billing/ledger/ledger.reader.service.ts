import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { assertSpan } from './day.js';
import {
  type LedgerQuery,
  LedgerTransactionDto,
  TrialBalanceDto,
  type TrialBalanceQuery,
} from './ledger.dto.js';
import { LedgerRepository } from './ledger.repository.js';

const instant = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

/** The books as staff read them. */
@Injectable()
export class LedgerReader {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly cursors: Cursors,
  ) {}

  /** A page of postings with their entries, newest first. 400 for a cursor of another list or filter. */
  async transactions(query: LedgerQuery): Promise<Page<LedgerTransactionDto>> {
    const {
      limit,
      cursor,
      paymentId = null,
      orderId = null,
      invoiceId = null,
      kind = null,
      account = null,
    } = query;
    const filter = {
      paymentId,
      orderId,
      invoiceId,
      kind,
      account,
      from: instant(query.from),
      to: instant(query.to),
    };
    const list = `ledger ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.ledger.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, (row) => [row.effective_at.toISOString(), row.id]);
    return { ...page, items: page.items.map((row) => LedgerTransactionDto.from(row)) };
  }

  /** Every account as it stood then, with totals that are zero in each currency, or the books are wrong. */
  async trialBalance({ at, on, currency }: TrialBalanceQuery): Promise<TrialBalanceDto> {
    assertSpan({ ...(on !== undefined && { on }) });
    return TrialBalanceDto.from(await this.ledger.trialBalance(instant(at), on ?? null, currency ?? null));
  }
}
