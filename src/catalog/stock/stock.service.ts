import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database, isForeignKeyViolation } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { movesOf } from './crossings.js';
import { LocationRepository } from './location.repository.js';
import { type LockedRow, MovementRepository, type MovementRow } from './movement.repository.js';
import { ReservationRepository } from './reservation.repository.js';
import { StockFacts } from './stock-facts.service.js';
import { guarded } from './stock-wall.js';

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

/** What comes, comes back and is counted otherwise, and how much may be sold beyond it. */
@Injectable()
export class StockService {
  constructor(
    private readonly database: Database,
    private readonly stock: MovementRepository,
    private readonly reservations: ReservationRepository,
    private readonly places: LocationRepository,
    private readonly facts: StockFacts,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

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
      const locations = new Map((await this.places.all()).map(({ code, id }) => [code, id]));
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
      const rows = await this.stock.lock([...new Set(changes.map(({ variantId }) => variantId))]);
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
      await this.write(rows, movements);
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

  /**
   * In the caller's transaction: brings pieces of a location up or down by differences, one for each variant. 409
   * `catalog.stock_promised` names those of which fewer would be left than are promised.
   */
  async adjust(
    locationId: string,
    differences: readonly { variantId: string; quantity: number }[],
    reason: string,
    actor: string,
  ): Promise<void> {
    if (differences.length === 0) return;
    await this.ensureRows(differences.map(({ variantId }) => ({ variantId, locationId })));
    const rows = await this.stock.lock(differences.map(({ variantId }) => variantId));
    const here = new Map(
      rows.filter((row) => row.locationId === locationId).map((row) => [row.variantId, row]),
    );
    const movements = differences.map(({ variantId, quantity }) => {
      const row = here.get(variantId);
      if (!row) throw new Error('a row that was made is not there');
      return { stockId: row.id, kind: 'adjusted' as const, quantity, reason, actor };
    });
    await this.refuseImpossible(differences, here);
    await this.write(rows, movements);
  }

  private async refuseImpossible(
    differences: readonly { variantId: string; quantity: number }[],
    here: ReadonlyMap<string, LockedRow>,
  ): Promise<void> {
    const rows = [...here.values()];
    await this.reservations.freeExpired(
      rows.map(({ id }) => id),
      this.clock.now(),
    );
    const most = new Map((await this.stock.spare(rows.map(({ id }) => id))).map((row) => [row.id, row]));
    const errors = differences.flatMap(({ variantId, quantity }) => {
      const spare = most.get(here.get(variantId)?.id ?? '');
      if (!spare || spare.pieces + quantity >= 0) return [];
      const message = `of ${spare.sku} at most ${Math.max(spare.pieces, 0)} can be taken away, ${-quantity} are missing`;
      return [{ pointer: `/variants/${variantId}`, code: 'promised', message }];
    });
    if (errors.length > 0) throw catalogProblems.stock_promised(errors[0]?.message, { errors });
  }

  /** In the caller's transaction: movements of locked rows, all rows of their variants. */
  async write(rows: readonly LockedRow[], movements: MovementRow[]): Promise<void> {
    // What nobody came back for does not stand in the way of writing pieces off.
    if (movements.some(({ quantity }) => quantity < 0))
      await this.reservations.freeExpired(
        movements.map(({ stockId }) => stockId),
        this.clock.now(),
      );
    await guarded(
      () => this.stock.move(movements),
      () => catalogProblems.stock_promised(),
    );
    await this.tell(rows);
  }

  /** How many of a variant may be sold beyond what is on hand, wherever it lies. */
  async setBackorderLimit(variantId: string, limit: number): Promise<void> {
    await this.limit(variantId, limit > 0, (locationId) =>
      this.stock.setBackorderLimit(variantId, locationId, limit),
    );
  }

  /** How many of a variant may be sold ahead, until it is there; null: no more. What was sold stays promised. */
  async setPreorder(variantId: string, preorder: { until: Date; limit: number } | null): Promise<void> {
    await this.limit(variantId, preorder !== null, (locationId) =>
      this.stock.setPreorder(variantId, locationId, preorder),
    );
  }

  /** A limit is one of the variant: a new one stands on its row at the first location. */
  private async limit(
    variantId: string,
    needsRow: boolean,
    write: (locationId: string) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const [first] = await this.places.all();
      if (!first) throw new Error('the location main is gone');
      if (needsRow) await this.ensureRows([{ variantId, locationId: first.id }]);
      const rows = await this.stock.lock([variantId]);
      await guarded(
        () => write(first.id),
        () => catalogProblems.stock_promised(),
      );
      await this.facts.tell(movesOf(rows, rows));
    });
  }

  /** After a change of rows that were locked: what it came to. */
  private async tell(before: readonly LockedRow[]): Promise<void> {
    const variants = [...new Set(before.map(({ variantId }) => variantId))];
    await this.facts.tell(movesOf(before, await this.stock.places(variants)));
  }

  private async ensureRows(places: { variantId: string; locationId: string }[]): Promise<void> {
    try {
      await this.stock.ensureRows(places);
    } catch (error) {
      if (isForeignKeyViolation(error, 'stock_variant_fk')) throw platformProblems.not_found();
      throw error;
    }
  }
}
