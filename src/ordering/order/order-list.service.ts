import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { Money } from '../../platform/money/money.js';
import { foldTag } from '../desk/order-note.js';
import type { OrderListQuery, OrderSummaryDto } from './order.dto.js';
import { type OrderFilter, OrderListRepository, type OrderSummary } from './order-list.repository.js';

/** Pages of orders, by keyset. */
@Injectable()
export class OrderListService {
  constructor(
    private readonly orders: OrderListRepository,
    private readonly cursors: Cursors,
  ) {}

  mine(customerId: string, limit: number, cursor: string | undefined): Promise<Page<OrderSummaryDto>> {
    return this.page(`my-orders:${customerId}`, { customerId }, true, limit, cursor);
  }

  search(query: OrderListQuery): Promise<Page<OrderSummaryDto>> {
    const { limit, cursor, sort = '-createdAt', createdAt, ...exact } = query;
    const filter: OrderFilter = {
      ...exact,
      ...(exact.tag !== undefined && { tag: foldTag(exact.tag) }),
      ...(createdAt?.gte !== undefined && { from: createdAt.gte }),
      ...(createdAt?.lte !== undefined && { to: createdAt.lte }),
    };
    return this.page(
      `orders:${sort}:${JSON.stringify(filter)}`,
      filter,
      sort === '-createdAt',
      limit,
      cursor,
    );
  }

  private async page(
    list: string,
    filter: OrderFilter,
    newestFirst: boolean,
    limit: number,
    cursor: string | undefined,
  ): Promise<Page<OrderSummaryDto>> {
    const key = this.cursors.decode(list, cursor);
    const after = key && { createdAt: String(key[0]), id: String(key[1]) };
    const rows = await this.orders.list(filter, newestFirst, after, limit);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, (row) => [row.createdKey, row.id]);
    return { items: items.map(toSummary), nextCursor };
  }
}

const toSummary = (row: OrderSummary): OrderSummaryDto => ({
  id: row.id,
  number: row.number,
  status: row.status,
  paymentStatus: row.paymentStatus,
  fulfilmentStatus: row.fulfilmentStatus,
  placedAt: row.placedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  currency: row.currency,
  email: row.email,
  quantity: row.quantity,
  total: Money.of(BigInt(row.total), row.currency).toJSON(),
});
