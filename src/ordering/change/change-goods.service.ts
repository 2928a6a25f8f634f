import { Injectable } from '@nestjs/common';
import { CatalogApi, type StockLine } from '../../catalog/catalog.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { type FieldError, Problem } from '../../platform/http/problem.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import { isOpen } from '../fulfilment/fulfilment.js';
import { Shelf, split } from '../fulfilment/split.js';
import { type Order, type OrderLine, takesStock } from '../order/order.js';
import type { Calculated } from './change-calculation.service.js';
import type { OrderChange } from './change.repository.js';
import type { Pieces } from './changed-order.js';

/** A hold outlives the time to pay a little, so that the end of the change is what gives it back. */
export const HOLD_GRACE_MS = 5 * 60_000;

/**
 * The goods of changes. What a change adds is held under the id of the change until it is paid, and only then promised
 * to the order: so an addition that nobody pays ends by itself.
 */
@Injectable()
export class ChangeGoods {
  constructor(private readonly catalog: CatalogApi) {}

  /**
   * In the caller's transaction: gives back what is taken off, takes back what came back, and holds what is added, until then
   * when it is still to be paid. Lines that are sold ahead get the day that they are promised for.
   */
  async apply(
    change: OrderChange,
    { order, change: { removed, replaced, added } }: Calculated,
    until: Date | null,
    now: Date,
    actor: Actor,
  ): Promise<void> {
    const ids = [...added.map(({ line }) => line.id), ...replaced.map(({ newLineId }) => newLineId)];
    const fresh = ids.flatMap((id) => order.lines.filter((line) => line.id === id));
    const back = change.plan.back.flatMap(({ restockAt, ...pieces }) =>
      restockAt === null ? [] : stockOf(order, [pieces]).map((line) => ({ ...line, location: restockAt })),
    );
    const goes = await this.whatGoes(order, removed);
    if (fresh.length + back.length + goes.length === 0) return;
    await this.catalog.lockStock([...fresh, ...back, ...goes], [order.id]);
    if (goes.length > 0) await this.catalog.releasePieces(order.id, goes);
    if (back.length > 0) await this.catalog.takeBack(back, actor);
    if (fresh.length > 0) await this.hold(change.id, order, fresh, added.length, until, now);
  }

  /** What is taken off is not taken out of what is planned or packed: it is given back where the rest lies, the last place first. */
  private async whatGoes(order: Order, removed: readonly Pieces[]): Promise<StockLine[]> {
    const planned = order.fulfilments.filter(isOpen).flatMap(({ picks }) => picks);
    if (planned.length === 0 || removed.length === 0) return stockOf(order, removed);
    const sources = await this.catalog.sources(order.id);
    const { shares } = split(order.lines, removed, new Shelf(sources.toReversed(), planned));
    return shares.flatMap(({ picks }) => picks);
  }

  private async hold(
    reference: string,
    order: Order,
    fresh: readonly OrderLine[],
    added: number,
    until: Date | null,
    now: Date,
  ): Promise<void> {
    const ends = until === null ? now : new Date(until.getTime() + HOLD_GRACE_MS);
    const ahead = await this.reserve(reference, fresh, added, ends);
    for (const line of fresh) {
      const days = [line, ...(line.components ?? [])].map(
        ({ variantId }) => ahead.find((one) => one.variantId === variantId)?.availableFrom ?? null,
      );
      line.promisedFor = days.reduce((last, day) => (day && (!last || day > last) ? day : last), null);
    }
    if (until === null) await this.promise(reference, order.id, fresh);
  }

  /** In the caller's transaction: what was held for a change is the order's. False when it is gone. */
  async promise(reference: string, orderId: string, lines: readonly OrderLine[]): Promise<boolean> {
    if (!takesStock({ lines })) return true;
    await this.catalog.lockStock([], [reference, orderId]);
    if (!(await this.catalog.allocate(reference))) return false;
    await this.catalog.joinReservation(reference, orderId);
    return true;
  }

  /** In the caller's transaction: nobody paid for it. */
  async letGo(reference: string): Promise<void> {
    await this.catalog.release(reference);
  }

  private async reserve(reference: string, lines: readonly OrderLine[], added: number, until: Date) {
    try {
      return await this.catalog.reserve(reference, lines, until);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'catalog.out_of_stock') throw error;
      const errors = (error.details.errors ?? []).map(({ pointer, ...rest }): FieldError => {
        // What is added stands first; after it what is sent again.
        const index = Number(pointer.split('/')[2]);
        return {
          pointer: index < added ? `/add/${index}/quantity` : `/replace/${index - added}/quantity`,
          ...rest,
        };
      });
      throw checkoutProblems.out_of_stock(error.message, { errors });
    }
  }
}

const stockOf = ({ lines }: Order, pieces: readonly Pieces[]): OrderLine[] =>
  pieces.flatMap(({ lineId, quantity }) => {
    const line = lines.find(({ id }) => id === lineId);
    return line ? [{ ...line, quantity }] : [];
  });
