import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import type { CartListQuery, CartSummaryDto } from './abandoned-cart.dto.js';
import { AbandonedCartRepository, type CartFilter, type CartSummary } from './abandoned-cart.repository.js';

const HOUR_MS = 3_600_000;
/** Where the shop writes no letters. */
const HOURS = 4;

/** Pages of carts for staff, by keyset. */
@Injectable()
export class AbandonedCarts {
  constructor(
    private readonly carts: AbandonedCartRepository,
    private readonly cursors: Cursors,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async search({ limit, cursor, updatedAt, ...exact }: CartListQuery): Promise<Page<CartSummaryDto>> {
    const filter: CartFilter = {
      ...exact,
      ...(updatedAt?.gte !== undefined && { from: updatedAt.gte }),
      ...(updatedAt?.lte !== undefined && { to: updatedAt.lte }),
    };
    const list = `carts:${JSON.stringify(filter)}`;
    const key = this.cursors.decode(list, cursor);
    const after = key && { updatedAt: String(key[0]), id: String(key[1]) };
    const hours = this.config.cartReminderHours[0] ?? HOURS;
    const since = new Date(this.clock.now().getTime() - hours * HOUR_MS);
    const rows = await this.carts.list(filter, since, after, limit);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, (row) => [row.updatedKey, row.id]);
    return { items: items.map((row) => toSummary(row, since)), nextCursor };
  }
}

const toSummary = ({ updatedKey: _, ...row }: CartSummary, since: Date): CartSummaryDto => ({
  ...row,
  abandoned: row.state === 'active' && row.lines > 0 && row.updatedAt <= since,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
