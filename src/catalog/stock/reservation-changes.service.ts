import { Injectable } from '@nestjs/common';
import type { Wanted } from './allocation-plan.js';
import { movesOf } from './crossings.js';
import { MovementRepository, type StockPlace } from './movement.repository.js';
import { type Part, ReservationChangesRepository } from './reservation-changes.repository.js';
import { type Hold, ReservationRepository } from './reservation.repository.js';
import { StockFacts } from './stock-facts.service.js';

/** What an order was promised changes: some of it is given back, something is added. In the caller's transaction. */
@Injectable()
export class ReservationChanges {
  constructor(
    private readonly changes: ReservationChangesRepository,
    private readonly stock: ReservationRepository,
    private readonly movements: MovementRepository,
    private readonly facts: StockFacts,
  ) {}

  /** See `CatalogApi.lockStock`. */
  async lock(variantIds: string[], references: string[]): Promise<void> {
    await this.changes.lock(variantIds, references);
  }

  /** See `CatalogApi.releasePieces`. */
  async giveBack(reference: string, pieces: readonly Wanted[]): Promise<void> {
    const before = await this.stock.lockReference(reference);
    const holds = (await this.stock.holds(reference)).filter(isLive);
    const parts = pieces.flatMap((piece) => takenFrom(holds, piece));
    if (parts.length === 0) return;
    if ((await this.changes.giveBack(reference, parts)) === 0)
      throw new Error('locked holds have changed under their lock');
    await this.tell(before);
  }

  /** See `CatalogApi.joinReservation`. */
  async join(from: string, into: string): Promise<void> {
    await this.changes.lock([], [from, into]);
    const holds = (await this.stock.holds(from)).filter(({ state }) => state === 'allocated');
    if (holds.length > 0) await this.changes.join(from, into, holds.length);
  }

  private async tell(before: readonly StockPlace[]): Promise<void> {
    const variants = [...new Set(before.map(({ variantId }) => variantId))];
    await this.facts.tell(movesOf(before, await this.movements.places(variants)));
  }
}

const isLive = ({ state }: Hold): boolean => state === 'held' || state === 'allocated';

/** From the last holds first: what was taken as a last resort is given back before what lies at the best place. */
function takenFrom(holds: readonly Hold[], { variantId, quantity, location }: Wanted): Part[] {
  let left = quantity;
  return holds
    .filter((hold) => hold.variantId === variantId && (location ?? hold.location) === hold.location)
    .reverse()
    .flatMap((hold) => {
      const part = Math.min(left, hold.quantity - hold.shipped);
      left -= part;
      return part > 0 ? [{ holdId: hold.id, quantity: part }] : [];
    });
}
