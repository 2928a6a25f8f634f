import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import {
  Database,
  isCheckViolation,
  isForeignKeyViolation,
  isUniqueViolation,
} from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { type Problem, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { StockChanged } from '../catalog.events.js';
import { catalogProblems } from '../catalog.errors.js';
import { planAllocation, type Taken, type Wanted } from './allocation-plan.js';
import { Location } from './location.entity.js';
import { type LockedStock, StockRepository } from './stock.repository.js';

export interface StockChange {
  variantId: string;
  /** Code of the location. */
  location: string;
  kind: 'received' | 'adjusted' | 'returned';
  quantity: number;
  reason: string | null;
}

/** What a row may have on hand, far from the end of its integer. */
const MOST_ON_HAND = 1_000_000_000;

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
      if (taken.length === 0) return this.stock.extend(reference, expiresAt);
      if (!(await this.stock.hold(reference, taken, expiresAt)))
        throw new Error('locked stock has changed under its lock');
      this.changed(lines.map(({ variantId }) => variantId));
    });
  }

  /** See `CatalogApi.extendReservation`. */
  async extend(reference: string, until: Date): Promise<boolean> {
    return this.database.transaction(async () => {
      await this.stock.lockReference(reference);
      await this.stock.extend(reference, until);
      const holds = await this.stock.holds(reference);
      const stands = holds.some(({ state }) => state === 'held' || state === 'allocated');
      return stands && holds.every(({ state }) => state !== 'expired');
    });
  }

  /** See `CatalogApi.allocate`. */
  async allocate(reference: string): Promise<boolean> {
    return this.database.transaction(async () => {
      // Together, and still one after the other: the second finds the rows locked.
      const [, allocated] = await Promise.all([
        this.stock.lockReference(reference),
        this.stock.allocate(reference),
      ]);
      if (allocated.length > 0) return true;
      const holds = await this.stock.holds(reference);
      if (holds.every(({ state }) => state !== 'expired'))
        return holds.some(({ state }) => state === 'allocated');
      return this.allocateAnew(reference, holds);
    });
  }

  async release(reference: string): Promise<void> {
    await this.database.transaction(async () => {
      const [, variants] = await Promise.all([
        this.stock.lockReference(reference),
        this.stock.release(reference),
      ]);
      if (variants.length > 0) this.changed(variants);
    });
  }

  /** See `CatalogApi.ship`. */
  async ship(reference: string, lines: readonly Wanted[]): Promise<void> {
    await this.database.transaction(async () => {
      await this.stock.lockReference(reference);
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
      if (taken.length === 0) return;
      const sent = await this.guarded(
        () => this.stock.ship(reference, taken),
        () => catalogProblems.out_of_stock('Some of it is sold but not on hand yet: receive it first.'),
      );
      if (sent !== taken.length) throw new Error('locked holds have changed under their lock');
    });
  }

  /**
   * Receives, adjusts or takes back pieces at locations; a row is made when it is the first time. `pointer` says
   * where in the caller's input a change stands.
   */
  async change(
    changes: StockChange[],
    actor: Actor,
    pointer: (index: number) => string = (index) => `/changes/${index}`,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const locations = new Map((await this.stock.locations()).map(({ code, id }) => [code, id]));
      const places = changes.map(({ variantId, location }, index) => {
        const locationId = locations.get(location);
        if (locationId) return { variantId, locationId };
        throw catalogProblems.unknown_location(`There is no location ${location}.`, {
          errors: [
            { pointer: `${pointer(index)}/location`, code: 'unknown_location', message: 'is not known' },
          ],
        });
      });
      await this.ensureRows(places);
      const rows = await this.stock.lockAt(places);
      const movements = changes.map(({ kind, quantity, reason }, index) => {
        const place = places[index];
        const row = rows.find(
          (one) => one.variantId === place?.variantId && one.locationId === place.locationId,
        );
        if (!row) throw platformProblems.not_found();
        row.onHand += quantity;
        if (row.onHand > MOST_ON_HAND) {
          throw platformProblems.invalid_input('So many cannot be on hand.', {
            errors: [
              { pointer: `${pointer(index)}/quantity`, code: 'max', message: `exceeds ${MOST_ON_HAND}` },
            ],
          });
        }
        return { stockId: row.id, kind, quantity, reason, actor: personId(actor) ?? actor.kind };
      });
      // Not left to the constraint: sums of this size may not even fit into the counter.
      if (rows.some(({ onHand }) => onHand < 0)) throw catalogProblems.stock_promised();
      // What nobody came back for does not stand in the way of writing pieces off.
      if (movements.some(({ quantity }) => quantity < 0))
        await this.stock.freeExpired(
          rows.map(({ id }) => id),
          this.clock.now(),
        );
      await this.guarded(
        () => this.stock.move(movements),
        () => catalogProblems.stock_promised(),
      );
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

  /** How many of a variant may be sold beyond what is on hand, wherever it lies. */
  async setBackorderLimit(variantId: string, limit: number): Promise<void> {
    await this.database.transaction(async () => {
      const [first] = await this.stock.locations();
      if (!first) throw new Error('the location main is gone');
      if (limit > 0) await this.stock.ensureRows([{ variantId, locationId: first.id }]);
      await this.guarded(
        () => this.stock.setBackorderLimit(variantId, first.id, limit),
        () => catalogProblems.stock_promised(),
      );
      this.changed([variantId]);
    });
  }

  async addLocation(
    input: { code: string; name: string; priority: number },
    actor: Actor,
  ): Promise<{ id: string }> {
    const id = newId();
    await this.database.transaction(async () => {
      try {
        await this.stock.addLocation(Location.at({ id, ...input }));
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

  /** Another name or another place in the order in which locations are asked. */
  async updateLocation(
    id: string,
    input: { name?: string; priority?: number },
    version: number | null,
    actor: Actor,
  ): Promise<Location> {
    return this.database.transaction(async () => {
      const location = await this.stock.lockLocation(id);
      if (!location) throw platformProblems.not_found();
      requireVersion(version, location.version);
      location.change(input);
      await this.stock.saveLocation(location);
      this.audit.record({
        actor,
        action: 'catalog.location.updated',
        subjectType: 'location',
        subjectId: id,
        details: { fields: Object.keys(input) },
      });
      return location;
    });
  }

  /** Frees holds whose time is over, so that pages show what can be bought again. Returns whether there were any. */
  async freeExpired(): Promise<boolean> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const rows = await this.stock.expiredStock(now);
      if (rows.length === 0) return false;
      await this.stock.freeExpired(
        rows.map(({ id }) => id),
        now,
      );
      this.changed(rows.map(({ variantId }) => variantId));
      return true;
    });
  }

  private async ensureRows(places: { variantId: string; locationId: string }[]): Promise<void> {
    try {
      await this.stock.ensureRows(places);
    } catch (error) {
      if (isForeignKeyViolation(error, 'stock_variant_fk')) throw platformProblems.not_found();
      throw error;
    }
  }

  /** The CHECKs of catalog.stock are the last wall: running into it is an answer and not a fault. */
  private async guarded<T>(write: () => Promise<T>, problem: () => Problem): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (
        isCheckViolation(error, 'stock_available_check') ||
        isCheckViolation(error, 'stock_counters_check')
      ) {
        throw problem();
      }
      throw error;
    }
  }

  /**
   * Plans under lock what the reference does not hold yet; nothing when it holds it all. Holds of others that have
   * expired are freed only when the rest is not enough.
   */
  private async take(reference: string, lines: readonly Wanted[]): Promise<Taken[]> {
    const variants = [...new Set(lines.map(({ variantId }) => variantId))];
    let rows = await this.stock.lock(variants, reference);
    // What the reference seems to hold may have been freed while this waited for the lock: now it is certain.
    if (rows.some(({ mine }) => mine > 0)) rows = await this.stock.lock(variants, reference);
    const wanted = without(lines, rows);
    if (wanted.every(({ quantity }) => quantity === 0)) return [];
    let plan = planAllocation(wanted, rows);
    if (
      plan.missing.length > 0 &&
      (await this.stock.freeExpired(
        rows.map(({ id }) => id),
        this.clock.now(),
      ))
    ) {
      const fresh = await this.stock.lock(variants, reference);
      plan = planAllocation(without(lines, fresh), fresh);
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
  private async allocateAnew(reference: string, holds: readonly Wanted[]): Promise<boolean> {
    const variants = [...new Set(holds.map(({ variantId }) => variantId))];
    const rows = await this.stock.lock(variants, reference);
    await this.stock.freeExpired(
      rows.map(({ id }) => id),
      this.clock.now(),
    );
    // Read after the freeing: that may have ended holds of the same reference at other locations.
    const lost = (await this.stock.holds(reference)).filter(({ state }) => state === 'expired');
    const plan = planAllocation(lost, await this.stock.lock(variants, reference));
    if (plan.missing.length > 0) return false;
    if (!(await this.stock.hold(reference, plan.taken, this.clock.now())))
      throw new Error('locked stock has changed under its lock');
    return (await this.stock.allocate(reference)).length > 0;
  }

  private changed(variantIds: string[]): void {
    this.outbox.record(new StockChanged({ variantIds: [...new Set(variantIds)] }));
    this.database.afterCommit(() => this.pages.touchStock());
  }
}

/** The lines less what the reference holds already. */
function without(lines: readonly Wanted[], rows: readonly LockedStock[]): Wanted[] {
  const held = new Map<string, number>();
  for (const { variantId, mine } of rows) held.set(variantId, (held.get(variantId) ?? 0) + mine);
  return lines.map(({ variantId, quantity }) => {
    const mine = Math.min(quantity, held.get(variantId) ?? 0);
    held.set(variantId, (held.get(variantId) ?? 0) - mine);
    return { variantId, quantity: quantity - mine };
  });
}
