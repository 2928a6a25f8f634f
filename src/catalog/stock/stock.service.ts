import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database, isCheckViolation, isUniqueViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { StockChanged } from '../catalog.events.js';
import { catalogProblems } from '../catalog.errors.js';
import { planAllocation, type Taken, type Wanted } from './allocation-plan.js';
import { StockRepository } from './stock.repository.js';

export interface StockChange {
  variantId: string;
  /** Code of the location. */
  location: string;
  kind: 'received' | 'adjusted' | 'returned';
  quantity: number;
  reason: string | null;
}

/** How many there are, and to whom they are promised. */
@Injectable()
export class StockService {
  constructor(
    private readonly database: Database,
    private readonly stock: StockRepository,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
    private readonly audit: Audit,
  ) {}

  /** See `CatalogApi.reserve`. */
  async reserve(reference: string, lines: readonly Wanted[], expiresAt: Date): Promise<void> {
    await this.database.transaction(async () => {
      const taken = await this.take(reference, lines);
      if (taken === 'already') return this.stock.extend(reference, expiresAt);
      if (!(await this.stock.hold(reference, taken, expiresAt)))
        throw new Error('locked stock has changed under its lock');
      this.changed(lines.map(({ variantId }) => variantId));
    });
  }

  async extend(reference: string, until: Date): Promise<void> {
    await this.stock.extend(reference, until);
  }

  /** See `CatalogApi.allocate`. */
  async allocate(reference: string): Promise<boolean> {
    return this.database.transaction(async () => {
      if ((await this.stock.allocate(reference)).length > 0) return true;
      const holds = await this.stock.holds(reference);
      const lost = holds.filter(({ state }) => state === 'expired');
      if (lost.length === 0) return holds.some(({ state }) => state === 'allocated');
      return this.allocateAnew(reference, lost);
    });
  }

  async release(reference: string): Promise<void> {
    await this.database.transaction(async () => {
      const variants = await this.stock.release(reference);
      if (variants.length > 0) this.changed(variants);
    });
  }

  /** See `CatalogApi.ship`. */
  async ship(reference: string, lines: readonly Wanted[]): Promise<void> {
    await this.database.transaction(async () => {
      const holds = (await this.stock.holds(reference)).filter(({ state }) => state === 'allocated');
      const taken = lines.flatMap(({ variantId, quantity }) => {
        let left = quantity;
        const parts = holds
          .filter((hold) => hold.variantId === variantId && hold.shipped < hold.quantity)
          .map((hold) => {
            const part = Math.min(left, hold.quantity - hold.shipped);
            left -= part;
            return { holdId: hold.id, quantity: part };
          });
        if (left > 0) throw catalogProblems.out_of_stock('More would be shipped than is allocated.');
        return parts.filter((part) => part.quantity > 0);
      });
      if (taken.length > 0 && (await this.stock.ship(reference, taken)) === 0)
        throw new Error('nothing was shipped');
    });
  }

  /** Receives, adjusts or takes back pieces at a location; the row is made when it is the first time. */
  async change(changes: StockChange[], actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const locations = new Map((await this.stock.locations()).map(({ code, id }) => [code, id]));
      const rows = changes.map(({ variantId, location }, index) => {
        const locationId = locations.get(location);
        if (!locationId) {
          throw catalogProblems.unknown_location(`There is no location ${location}.`, {
            errors: [
              { pointer: `/changes/${index}/location`, code: 'unknown_location', message: 'is not known' },
            ],
          });
        }
        return { variantId, locationId, backorderLimit: 0 };
      });
      await this.stock.ensureRows(rows);
      const movements = [];
      for (const change of changes) {
        const [row] = await this.stock.find(change.variantId, change.location);
        if (!row) throw platformProblems.not_found();
        const { kind, quantity, reason } = change;
        movements.push({ stockId: row.id, kind, quantity, reason, actor: personId(actor) ?? actor.kind });
      }
      await this.move(movements);
      this.changed(changes.map(({ variantId }) => variantId));
      for (const { variantId, location, kind, quantity } of changes) {
        this.audit.record({
          actor,
          action: `catalog.stock.${kind}`,
          subjectType: 'variant',
          subjectId: variantId,
          details: { location, quantity },
        });
      }
    });
  }

  async addLocation(
    input: { code: string; name: string; priority: number },
    actor: Actor,
  ): Promise<{ id: string }> {
    const id = newId();
    await this.database.transaction(async () => {
      try {
        await this.stock.addLocation({ id, ...input });
      } catch (error) {
        if (!isUniqueViolation(error, 'locations_code_key')) throw error;
        throw platformProblems.conflict(`The location ${input.code} exists already.`, {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      }
      this.audit.record({
        actor,
        action: 'catalog.location.created',
        subjectType: 'location',
        subjectId: id,
      });
    });
    return { id };
  }

  /** Frees holds whose time is over, so that pages show what can be bought again. Returns whether there were any. */
  async freeExpired(): Promise<boolean> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const rows = await this.stock.expiredStock(now);
      if (rows.length === 0) return false;
      await this.stock.freeExpired(rows, now);
      this.database.afterCommit(() => this.pages.touchStock());
      return true;
    });
  }

  private async move(movements: Parameters<StockRepository['move']>[0]): Promise<void> {
    try {
      await this.stock.move(movements);
    } catch (error) {
      if (
        isCheckViolation(error, 'stock_available_check') ||
        isCheckViolation(error, 'stock_counters_check')
      ) {
        throw catalogProblems.stock_promised();
      }
      throw error;
    }
  }

  /** Plans under lock; holds that have expired are freed only when the rest is not enough. */
  private async take(reference: string, lines: readonly Wanted[]): Promise<Taken[] | 'already'> {
    const variants = [...new Set(lines.map(({ variantId }) => variantId))];
    let rows = await this.stock.lock(variants, reference);
    if (rows.some(({ reserved }) => reserved)) return 'already';
    let plan = planAllocation(lines, rows);
    if (
      plan.missing.length > 0 &&
      (await this.stock.freeExpired(
        rows.map(({ id }) => id),
        this.clock.now(),
      ))
    ) {
      rows = await this.stock.lock(variants, reference);
      plan = planAllocation(lines, rows);
    }
    if (plan.missing.length === 0) return plan.taken;
    throw catalogProblems.out_of_stock(undefined, {
      errors: plan.missing.map(({ index, available }) => ({
        pointer: `/lines/${index}/quantity`,
        code: 'max_available',
        message: `must be at most ${available}`,
      })),
    });
  }

  /** The hold was freed before the money came: takes the same again when it is still there, changes nothing when not. */
  private async allocateAnew(reference: string, lost: readonly Wanted[]): Promise<boolean> {
    const variants = [...new Set(lost.map(({ variantId }) => variantId))];
    const rows = await this.stock.lock(variants, reference);
    await this.stock.freeExpired(
      rows.map(({ id }) => id),
      this.clock.now(),
    );
    const plan = planAllocation(lost, await this.stock.lock(variants, reference));
    if (plan.missing.length > 0) return false;
    await this.stock.supersede(reference);
    await this.stock.hold(reference, plan.taken, this.clock.now());
    return (await this.stock.allocate(reference)).length > 0;
  }

  private changed(variantIds: string[]): void {
    this.outbox.record(new StockChanged({ variantIds: [...new Set(variantIds)] }));
    this.database.afterCommit(() => this.pages.touchStock());
  }
}
