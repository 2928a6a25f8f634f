import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { RefundDto, type RefundQuery } from './refund.dto.js';
import { RefundRepository } from './refund.repository.js';

/** Refunds as staff read them. */
@Injectable()
export class RefundReader {
  constructor(
    private readonly refunds: RefundRepository,
    private readonly cursors: Cursors,
  ) {}

  /** A page of refunds, newest first. 400 for a cursor of another list or filter. */
  async list(query: RefundQuery): Promise<Page<RefundDto>> {
    const { limit, cursor, createdAt, paymentId = null, orderId = null, status = null } = query;
    const range = { from: createdAt?.gte ?? null, to: createdAt?.lte ?? null };
    const filter = { paymentId, orderId, status, ...range };
    const list = `refunds ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.refunds.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    return { ...page, items: page.items.map((refund) => RefundDto.from(refund)) };
  }

  /** One refund; 404 when there is none. */
  async get(id: string): Promise<RefundDto> {
    const refund = await this.refunds.find(id);
    if (refund === null) throw platformProblems.not_found();
    return RefundDto.from(refund);
  }
}
