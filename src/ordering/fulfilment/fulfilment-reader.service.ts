import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import type { Fulfilment } from './fulfilment.js';
import type { FulfilmentListQuery, FulfilmentSummaryDto, StaffFulfilmentDto } from './fulfilment.dto.js';
import { type FulfilmentFilter, FulfilmentListRepository } from './fulfilment-list.repository.js';
import { FulfilmentRepository } from './fulfilment.repository.js';
import { staffFulfilmentView } from './fulfilment.view.js';

/** Fulfilments as staff read them. */
@Injectable()
export class FulfilmentReader {
  constructor(
    private readonly lists: FulfilmentListRepository,
    private readonly fulfilments: FulfilmentRepository,
    private readonly orders: OrderRepository,
    private readonly cursors: Cursors,
  ) {}

  async list({
    limit,
    cursor,
    createdAt,
    ...exact
  }: FulfilmentListQuery): Promise<Page<FulfilmentSummaryDto>> {
    const filter: FulfilmentFilter = {
      ...exact,
      ...(createdAt?.gte !== undefined && { from: createdAt.gte }),
      ...(createdAt?.lte !== undefined && { to: createdAt.lte }),
    };
    const list = `fulfilments:${JSON.stringify(filter)}`;
    const key = this.cursors.decode(list, cursor);
    const after = key && { createdAt: String(key[0]), id: String(key[1]) };
    const rows = await this.lists.list(filter, after, limit);
    const page = this.cursors.page(list, rows, limit, (row) => [row.createdKey, row.id]);
    return {
      ...page,
      items: page.items.map(({ createdKey: _, ...row }) => ({
        ...row,
        createdAt: row.createdAt.toISOString(),
        shippedAt: row.shippedAt?.toISOString() ?? null,
        deliveredAt: row.deliveredAt?.toISOString() ?? null,
      })),
    };
  }

  async get(id: string): Promise<StaffFulfilmentDto> {
    const [{ order, fulfilment }, history] = await Promise.all([
      this.find(id),
      this.fulfilments.historyOf(id),
    ]);
    return staffFulfilmentView(order, fulfilment, history);
  }

  /** With its order; 404 when there is none. */
  async find(id: string): Promise<{ order: Order; fulfilment: Fulfilment }> {
    const orderId = await this.fulfilments.orderOf(id);
    const order = orderId === null ? undefined : await this.orders.find(orderId);
    const fulfilment = order?.fulfilments.find((one) => one.id === id);
    if (!order || !fulfilment) throw platformProblems.not_found();
    return { order, fulfilment };
  }
}
