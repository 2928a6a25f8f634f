import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { type NoticeCount, type OwnNotice, StockNoticeRepository } from './stock-notice.repository.js';

/** Who waits for what: a customer sees the own, staff how many. */
@Injectable()
export class StockNoticeReader {
  constructor(
    private readonly notices: StockNoticeRepository,
    private readonly cursors: Cursors,
  ) {}

  async own(customerId: string, cursor: string | undefined, limit: number): Promise<Page<OwnNotice>> {
    const list = `stock-notices:${customerId}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.notices.own(customerId, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  async counts(cursor: string | undefined, limit: number): Promise<Page<NoticeCount>> {
    const list = 'stock-notices';
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.notices.counts(after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ variantId }) => [variantId]);
  }
}
