import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { CatalogApi, type StockSource } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { maySend } from '../order/order.guards.js';
import { fulfilmentProblems } from './fulfilment.errors.js';
import type { PickListDto } from './pick-list.dto.js';
import { type DueOrder, pickList } from './pick-list.js';
import { sendingOf } from './sending.js';
import { PickListRepository, type WaitingOrder } from './pick-list.repository.js';

/** So many orders are looked at, so many at a time; the list says when there are more. */
const MOST_ORDERS = 1_000;
const AT_ONCE = 200;

/** What a location has to pick now. */
@Injectable()
export class PickLists {
  constructor(
    private readonly rows: PickListRepository,
    private readonly catalog: CatalogApi,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  /** 422 `ordering.unknown_location`. */
  async of(location: string): Promise<PickListDto> {
    if ((await this.catalog.locationName(location)) === null)
      throw fulfilmentProblems.unknown_location(undefined, {
        errors: [{ pointer: '/location', code: 'unknown_location', message: 'is not known' }],
      });
    const now = this.clock.now();
    const { orders, complete } = await this.due(now);
    const sources = await this.sourcesOf(orders.map(({ id }) => id));
    const items = pickList(orders, sources, location);
    return {
      location,
      at: now.toISOString(),
      complete,
      orders: new Set(items.flatMap((item) => item.orders.map(({ orderId }) => orderId))).size,
      items: items.map((item) => ({
        ...item,
        orders: item.orders.map((order) => ({ ...order, promise: order.promise.toISOString() })),
      })),
    };
  }

  /** Those whose money is not on its way back. */
  private async due(now: Date): Promise<{ orders: DueOrder[]; complete: boolean }> {
    const orders: WaitingOrder[] = [];
    let last: WaitingOrder | undefined;
    for (let seen = 0; seen < MOST_ORDERS; seen += AT_ONCE) {
      const rows = await this.rows.waiting(now, last ?? null, AT_ONCE);
      const payments = await this.billing.paymentsOf(rows.map(({ id }) => id));
      orders.push(
        ...rows.filter((row) => {
          const own = payments.filter(({ orderId }) => orderId === row.id);
          const { statuses, total } = sendingOf(row, row.awaited, own);
          return maySend(statuses, total, own);
        }),
      );
      last = rows.at(-1);
      if (rows.length < AT_ONCE) return { orders, complete: true };
    }
    return { orders, complete: false };
  }

  private async sourcesOf(orderIds: readonly string[]): Promise<Map<string, StockSource[]>> {
    const sources = new Map<string, StockSource[]>();
    for (const { reference, ...source } of await this.catalog.sourcesOf(orderIds))
      sources.set(reference, [...(sources.get(reference) ?? []), source]);
    return sources;
  }
}
