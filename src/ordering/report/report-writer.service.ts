import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { cohortDifference, cohortsOf } from './cohorts.js';
import { ReportCartsRepository } from './report-carts.repository.js';
import { difference, entriesOf } from './report-entry.js';
import {
  type DueOrder,
  type Label,
  type ReportOrder,
  ReportOrdersRepository,
} from './report-orders.repository.js';

const AT_ONCE = 200;
const HOUR_MS = 3_600_000;
/** Where the shop writes no letters about carts. */
const HOURS = 4;

/**
 * The one writer of the reports. What an order adds to them is worked out of the order as it stands; only the difference to
 * what was counted of it before is added. So it does not matter how often and in which order facts arrive, and counting
 * all orders again comes to the same.
 */
@Injectable()
export class ReportWriter {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    private readonly orders: ReportOrdersRepository,
    private readonly carts: ReportCartsRepository,
    private readonly catalog: CatalogApi,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    this.key = config.key('report-customers');
  }

  /** Counts what has become known, and carts that were left behind. Returns how many. */
  async update(): Promise<number> {
    let done = 0;
    while (await this.orders.isDue()) done += await this.database.transaction(() => this.updateSome());
    return done + (await this.updateCarts());
  }

  /**
   * Goes on with counting all orders again, if somebody asked for it, to the end. Each batch is a transaction that says how far
   * it came: whoever dies is followed by one who goes on there. Returns how many orders it counted.
   */
  async rebuild(): Promise<number> {
    let done = 0;
    for (;;) {
      const counted = await this.database.transaction(() => this.rebuildSome());
      if (counted === null) return done;
      done += counted;
    }
  }

  /** Empties the reports of sales and customers; `rebuild` fills them. Carts that are gone could not be counted again. */
  async restart(): Promise<void> {
    await this.database.transaction(async () => {
      await this.orders.lock();
      await this.orders.restart();
    });
  }

  private async updateSome(): Promise<number> {
    const { generation } = await this.orders.lock();
    const ids = await this.orders.take(AT_ONCE);
    await this.count(ids, generation);
    return ids.length;
  }

  private async rebuildSome(): Promise<number | null> {
    const { generation, rebuildAfter } = await this.orders.lock();
    if (rebuildAfter === null) return null;
    const ids = await this.orders.placedAfter(rebuildAfter, AT_ONCE);
    await this.count(ids, generation);
    await this.orders.reached(ids.at(-1) ?? null);
    failpoint('reports.before_commit');
    return ids.length;
  }

  private async updateCarts(): Promise<number> {
    const hours = this.config.cartReminderHours[0] ?? HOURS;
    const leftSince = new Date(this.clock.now().getTime() - hours * HOUR_MS);
    for (let done = 0; ;) {
      const found = await this.database.transaction(async () => {
        await this.orders.lock();
        return this.carts.count(leftSince, AT_ONCE);
      });
      done += found;
      if (found < AT_ONCE) return done;
    }
  }

  private async count(ids: readonly string[], generation: number): Promise<void> {
    const due = await this.orders.find(ids, generation);
    if (due.length === 0) return;
    const { shelves, labels } = await this.shelvesOf(due);
    const rows = due.map((order) => this.rowOf(order, shelves));
    const customers = [
      ...new Set([
        ...rows.map((row) => row.customerKey),
        ...due.flatMap(({ kept }) => kept?.customerKey ?? []),
      ]),
    ];
    const before = cohortsOf(await this.orders.ofCustomers(customers, generation));
    await this.orders.write(rows, generation);
    const after = cohortsOf(await this.orders.ofCustomers(customers, generation));
    const sales = difference(
      due.flatMap(({ currency, kept }) => (kept?.entries ?? []).map((one) => ({ ...one, currency }))),
      rows.flatMap(({ currency, entries }) => entries.map((one) => ({ ...one, currency }))),
      ({ dimension, bucket, currency, key }) => `${dimension} ${bucket} ${currency} ${key}`,
    );
    await this.orders.add(sales, cohortDifference(before, after), labels);
    await this.carts.recover(due.map(({ cartId, counted }) => ({ cartId, total: counted.total })));
  }

  /** Categories of what was not counted before, as they are now, moments after it was placed. */
  private async shelvesOf(
    due: readonly DueOrder[],
  ): Promise<{ shelves: Map<string, string[]>; labels: Label[] }> {
    const fresh = due.flatMap(({ kept, counted }) =>
      counted.lines.map(({ productId }) => productId).filter((id) => kept?.categories[id] === undefined),
    );
    const found = await this.catalog.shelvesOf([...new Set(fresh)]);
    const shelves = new Map<string, string[]>();
    for (const { productId, id } of found) shelves.set(productId, [...(shelves.get(productId) ?? []), id]);
    const at = this.clock.now();
    const named = found.map(({ id, handle, title }): Label => ({
      ...{ dimension: 'category', key: id, title, handle, at },
    }));
    return { shelves, labels: [...due.flatMap(({ labels }) => labels), ...named] };
  }

  private rowOf(order: DueOrder, shelves: ReadonlyMap<string, string[]>): ReportOrder {
    const { id, currency, counted, kept } = order;
    const products = [...new Set(counted.lines.map(({ productId }) => productId))];
    const categories = Object.fromEntries(
      products.map((product) => [product, kept?.categories[product] ?? shelves.get(product) ?? []]),
    );
    return {
      id,
      currency,
      placedAt: counted.placedAt,
      customerKey: this.customerOf(order),
      categories,
      counts: !order.isCanceled,
      total: counted.total,
      entries: entriesOf({ ...counted, categories }),
    };
  }

  /** The account, or else the address that was given first; of whom nothing is known any more, somebody. */
  private customerOf({ customerId, email, kept }: DueOrder): string {
    if (customerId !== null) return createHash('sha256').update(`customer:${customerId}`).digest('hex');
    if (kept) return kept.customerKey;
    if (email === ERASED_EMAIL) return randomBytes(32).toString('hex');
    return createHmac('sha256', this.key).update(email.normalize('NFKC').toLowerCase()).digest('hex');
  }
}
