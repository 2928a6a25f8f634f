import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { FieldError } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { type Plan as AllocationPlan, planAllocation, type Taken, type Wanted } from './allocation-plan.js';
import { movesOf } from './crossings.js';
import { MovementRepository, type StockPlace } from './movement.repository.js';
import { type LockedStock, ReservationRepository } from './reservation.repository.js';
import { StockFacts } from './stock-facts.service.js';
import { guarded } from './stock-wall.js';

/** A variant of which more was sold than lies there, ahead of the day that it is promised for. */
export interface SoldAhead {
  variantId: string;
  availableFrom: Date;
}

interface Plan {
  before: LockedStock[];
  /** As they are when `taken` is taken of them. */
  rows: LockedStock[];
  taken: Taken[];
}

/** What is held for carts that are checked out, promised to orders, given back and sent. */
@Injectable()
export class ReservationService {
  constructor(
    private readonly database: Database,
    private readonly stock: ReservationRepository,
    private readonly movements: MovementRepository,
    private readonly facts: StockFacts,
    private readonly clock: Clock,
  ) {}

  /** See `CatalogApi.reserve`. */
  async reserve(reference: string, lines: readonly Wanted[], expiresAt: Date): Promise<SoldAhead[]> {
    return this.database.transaction(async () => {
      const { before, rows, taken } = await this.take(reference, lines);
      if (taken.length === 0) {
        await this.stock.extend(reference, expiresAt);
        return [];
      }
      if (!(await this.stock.hold(reference, taken, expiresAt)))
        throw new Error('locked stock has changed under its lock');
      await this.facts.tell(movesOf(before, without(rows, taken)));
      return soldAhead(rows, taken);
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
      const [before, variants] = await Promise.all([
        this.stock.lockReference(reference),
        this.stock.release(reference),
      ]);
      if (variants.length > 0) await this.tell(before);
    });
  }

  /** See `CatalogApi.ship`. */
  async ship(reference: string, lines: readonly Wanted[]): Promise<void> {
    await this.database.transaction(async () => {
      await this.stock.lockReference(reference);
      const holds = (await this.stock.holds(reference)).filter(({ state }) => state === 'allocated');
      const before = new Map(holds.map(({ id, shipped }) => [id, shipped]));
      // Those that name their location first, so that the others do not take what is promised to them.
      const named = lines.toSorted(
        (a, b) => Number(b.location !== undefined) - Number(a.location !== undefined),
      );
      for (const { variantId, quantity, location } of named) {
        let left = quantity;
        for (const hold of holds) {
          if (hold.variantId !== variantId || (location ?? hold.location) !== hold.location) continue;
          const part = Math.min(left, hold.quantity - hold.shipped);
          hold.shipped += part;
          left -= part;
        }
        if (left > 0) throw catalogProblems.out_of_stock('More would be shipped than is allocated.');
      }
      const taken = holds.flatMap(({ id, shipped }) => {
        const quantity = shipped - (before.get(id) ?? 0);
        return quantity > 0 ? [{ holdId: id, quantity }] : [];
      });
      if (taken.length === 0) return;
      const sent = await guarded(
        () => this.stock.ship(reference, taken),
        () => catalogProblems.out_of_stock('Some of it is sold but not on hand yet: receive it first.'),
      );
      if (sent !== taken.length) throw new Error('locked holds have changed under their lock');
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
      await this.tell(rows);
      return true;
    });
  }

  /**
   * Plans under lock what the reference does not hold yet; nothing when it holds it all. Holds of others that have
   * expired are freed only when the rest is not enough.
   */
  private async take(reference: string, lines: readonly Wanted[]): Promise<Plan> {
    const variants = [...new Set(lines.map(({ variantId }) => variantId))];
    const now = this.clock.now();
    let rows = await this.stock.lock(variants, reference, now);
    // What the reference seems to hold may have been freed while this waited for the lock: now it is certain.
    if (rows.some(({ mine }) => mine > 0)) rows = await this.stock.lock(variants, reference, now);
    const before = rows;
    const wanted = less(lines, rows);
    if (wanted.every(({ quantity }) => quantity === 0)) return { before, rows, taken: [] };
    let plan = planAllocation(wanted, rows);
    if (
      plan.missing.length > 0 &&
      (await this.stock.freeExpired(
        rows.map(({ id }) => id),
        now,
      ))
    ) {
      rows = await this.stock.lock(variants, reference, now);
      plan = planAllocation(less(lines, rows), rows);
    }
    if (plan.missing.length === 0) return { before, rows, taken: plan.taken };
    // A caller may go on without the goods; then what was freed on the way stays free, and is told.
    await this.facts.tell(movesOf(before, rows).filter(({ before: had, after }) => had !== after));
    throw catalogProblems.out_of_stock(undefined, {
      errors: shortages(plan.missing, lines),
    });
  }

  /** The hold was freed before the money came: takes the same again when it is still there, changes nothing when not. */
  private async allocateAnew(reference: string, holds: readonly Wanted[]): Promise<boolean> {
    const variants = [...new Set(holds.map(({ variantId }) => variantId))];
    const now = this.clock.now();
    const before = await this.stock.lock(variants, reference, now);
    await this.stock.freeExpired(
      before.map(({ id }) => id),
      now,
    );
    // Read after the freeing: that may have ended holds of the same reference at other locations.
    const lost = (await this.stock.holds(reference)).filter(({ state }) => state === 'expired');
    const plan = planAllocation(lost, await this.stock.lock(variants, reference, now));
    const isThere = plan.missing.length === 0;
    if (isThere) {
      if (!(await this.stock.hold(reference, plan.taken, now)))
        throw new Error('locked stock has changed under its lock');
      await this.stock.allocate(reference);
    }
    await this.tell(before);
    return isThere;
  }

  /** After a change of rows that were locked: what it came to. */
  private async tell(before: readonly StockPlace[]): Promise<void> {
    const variants = [...new Set(before.map(({ variantId }) => variantId))];
    await this.facts.tell(movesOf(before, await this.movements.places(variants)));
  }
}

/** How many of each line can be had at most: a bundle as many as the scarcest of its parts makes. */
function shortages(missing: AllocationPlan['missing'], wanted: readonly Wanted[]): FieldError[] {
  const most = new Map<number, number>();
  for (const { index, available } of missing) {
    const { line, quantity } = wanted[index]?.of ?? { line: index, quantity: 1 };
    most.set(line, Math.min(most.get(line) ?? Infinity, Math.floor(available / quantity)));
  }
  return [...most].map(([line, available]) => ({
    pointer: `/lines/${line}/quantity`,
    code: 'out_of_stock',
    message: `must be at most ${available}`,
  }));
}

/** The lines less what the reference holds already. */
function less(lines: readonly Wanted[], rows: readonly LockedStock[]): Wanted[] {
  const held = new Map<string, number>();
  for (const { variantId, mine } of rows) held.set(variantId, (held.get(variantId) ?? 0) + mine);
  return lines.map((line) => {
    const mine = Math.min(line.quantity, held.get(line.variantId) ?? 0);
    held.set(line.variantId, (held.get(line.variantId) ?? 0) - mine);
    return { ...line, quantity: line.quantity - mine };
  });
}

/** The rows as they are when this was taken of them. */
function without(rows: readonly LockedStock[], taken: readonly Taken[]): StockPlace[] {
  const quantities = new Map(taken.map(({ stockId, quantity }) => [stockId, quantity]));
  return rows.map((row) => ({ ...row, free: row.free - (quantities.get(row.id) ?? 0) }));
}

function soldAhead(rows: readonly LockedStock[], taken: readonly Taken[]): SoldAhead[] {
  const left = new Map(without(rows, taken).map(({ id, free }) => [id, free]));
  return rows.flatMap(({ id, variantId, preorderUntil, free }) => {
    const beyond = left.get(id) !== free && (left.get(id) ?? 0) < 0;
    return beyond && preorderUntil !== null ? [{ variantId, availableFrom: preorderUntil }] : [];
  });
}
