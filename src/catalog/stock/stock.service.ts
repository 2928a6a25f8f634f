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

type ChangeField = 'variantId' | 'location' | 'quantity' | 'reason';

/** So many pieces less of a row, in all; `pointer` names the first that takes some. */
interface Taking {
  stockId: string;
  quantity: number;
  pointer: string;
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
   * where in the caller's input a field of a change stands. 404 for variants that there are not, 422
   * `catalog.stock_untracked` for more of what nobody counts, 409 `catalog.stock_promised` when fewer would be left than
   * are promised.
   */
  async change(
    changes: StockChange[],
    actor: Actor,
    pointer: (index: number, field: ChangeField) => string = (index, field) => `/changes/${index}/${field}`,
  ): Promise<void> {
    changes.forEach((change, at) => refuseNonsense(change, (field) => pointer(at, field)));
    await this.database.transaction(async () => {
      const locations = new Map((await this.places.all()).map(({ code, id }) => [code, id]));
      const places = changes.map(({ variantId, location }, index) => {
        const locationId = locations.get(location);
        if (locationId) return { variantId, locationId };
        throw catalogProblems.unknown_location(`There is no location ${location}.`, {
          errors: [
            { pointer: pointer(index, 'location'), code: 'unknown_location', message: 'is not known' },
          ],
        });
      });
      await this.refuseUncounted(changes, (index) => pointer(index, 'variantId'));
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
              { pointer: pointer(index, 'quantity'), code: 'max', message: `exceeds ${MOST_ON_HAND}` },
            ],
          });
        }
        return { stockId: row.id, kind, quantity, reason, actor: personId(actor) ?? actor.kind };
      });
      // Not left to the constraint: it does not say how many there are, and sums may not even fit into the counter.
      await this.refuseTooFew(takings(movements, (index) => pointer(index, 'quantity')));
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
    await this.refuseTooFew(
      takings(movements, (index) => `/variants/${differences[index]?.variantId ?? ''}`),
    );
    await this.write(rows, movements);
  }

  /** Of locked rows, when no more is taken away than is there and not promised. */
  private async refuseTooFew(taken: readonly Taking[]): Promise<void> {
    if (taken.length === 0) return;
    const ids = taken.map(({ stockId }) => stockId);
    await this.reservations.freeExpired(ids, this.clock.now());
    const most = new Map((await this.stock.spare(ids)).map((row) => [row.id, row]));
    const errors = taken.flatMap(({ stockId, quantity, pointer }) => {
      const row = most.get(stockId);
      if (!row || quantity <= row.pieces) return [];
      const { sku, onHand, promised } = row;
      const message =
        `of ${sku} ${quantity} cannot be taken away, but ${Math.max(row.pieces, 0)}: ` +
        `${onHand} are on hand and ${promised} are promised to orders`;
      return [{ pointer, code: quantity > onHand ? 'on_hand' : 'promised', message }];
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

  private async refuseUncounted(
    changes: readonly StockChange[],
    pointer: (index: number) => string,
  ): Promise<void> {
    const sources = await this.stock.sources([...new Set(changes.map(({ variantId }) => variantId))]);
    const errorsWhere = (isOdd: (change: StockChange) => boolean, code: string, message: string) =>
      changes.flatMap((change, index) => (isOdd(change) ? [{ pointer: pointer(index), code, message }] : []));
    const unknown = errorsWhere(({ variantId }) => !sources.has(variantId), 'unknown', 'is not known');
    if (unknown.length > 0) throw platformProblems.not_found(undefined, { errors: unknown });
    const uncounted = errorsWhere(
      // What was counted before may still be written off.
      ({ variantId, quantity }) => quantity > 0 && sources.get(variantId) !== 'own',
      'untracked',
      'is a bundle, or a variant that nobody counts',
    );
    if (uncounted.length > 0) throw catalogProblems.stock_untracked(undefined, { errors: uncounted });
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

/** What movements take of each row, those that bring pieces counted against it. */
function takings(movements: readonly MovementRow[], pointer: (index: number) => string): Taking[] {
  const rows = new Map<string, Taking>();
  movements.forEach(({ stockId, quantity }, index) => {
    const { quantity: before = 0, pointer: first = '' } = rows.get(stockId) ?? {};
    const at = first === '' && quantity < 0 ? pointer(index) : first;
    rows.set(stockId, { stockId, quantity: before - quantity, pointer: at });
  });
  return [...rows.values()].filter(({ quantity }) => quantity > 0);
}

/** Refuses a quantity that does not fit its kind, and a correction without a reason. */
function refuseNonsense(
  { kind, quantity, reason }: StockChange,
  pointer: (field: ChangeField) => string,
): void {
  if (quantity === 0 || (kind !== 'adjusted' && quantity < 0)) {
    throw platformProblems.invalid_input('The quantity does not fit the kind.', {
      errors: [
        {
          pointer: pointer('quantity'),
          code: 'sign',
          message: 'must be positive; only adjusted may be negative, never 0',
        },
      ],
    });
  }
  if (kind === 'adjusted' && !reason) {
    throw platformProblems.invalid_input('An adjustment needs a reason.', {
      errors: [{ pointer: pointer('reason'), code: 'required', message: 'is required for adjusted' }],
    });
  }
}
