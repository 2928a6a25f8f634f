import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { DisputeDto, type DisputeQuery } from './dispute.dto.js';
import { DisputeRepository } from './dispute.repository.js';

/** Disputes as staff read them; they are answered at the gateway. */
@Injectable()
export class StaffDisputes {
  constructor(
    private readonly rows: DisputeRepository,
    private readonly cursors: Cursors,
  ) {}

  /** A page of them, newest first. 400 for a cursor of another list or filter. */
  async list(query: DisputeQuery): Promise<Page<DisputeDto>> {
    const { limit, cursor, paymentId = null, orderId = null, status = null } = query;
    const filter = { paymentId, orderId, status };
    const list = `disputes ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.rows.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    return { ...page, items: page.items.map((each) => DisputeDto.from(each)) };
  }

  async get(id: string): Promise<DisputeDto> {
    const dispute = await this.rows.find(id);
    if (dispute === null) throw platformProblems.not_found();
    return DisputeDto.from(dispute);
  }
}
