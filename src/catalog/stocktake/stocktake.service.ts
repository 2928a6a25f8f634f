import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { type FieldError, Problem, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { CategoryRepository } from '../category/category.repository.js';
import { catalogProblems } from '../catalog.errors.js';
import { StocktakeConfirmed } from '../catalog.events.js';
import { LocationService } from '../stock/location.service.js';
import { StockService } from '../stock/stock.service.js';
import { stocktakeProblems } from './stocktake.errors.js';
import {
  type CountedItem,
  type FoundItem,
  type Stocktake,
  StocktakeRepository,
} from './stocktake.repository.js';

/** More differences than that are written by a job. */
const AT_ONCE = 1_000;

export interface StartStocktake {
  location: string;
  note: string | null;
  brand: string | null;
  category: string | null;
}

/** Counting what lies at a location, while it is sold from. */
@Injectable()
export class StocktakeService {
  constructor(
    private readonly database: Database,
    private readonly stocktakes: StocktakeRepository,
    private readonly categories: CategoryRepository,
    private readonly locations: LocationService,
    private readonly stock: StockService,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  async start({ location, note, brand, category }: StartStocktake, actor: Actor): Promise<Stocktake> {
    const place = (await this.locations.all()).find(({ code }) => code === location);
    if (!place) {
      throw catalogProblems.unknown_location(undefined, {
        errors: [{ pointer: '/location', code: 'unknown_location', message: 'is not known' }],
      });
    }
    const categoryId = category === null ? null : await this.categories.idOf(category);
    if (category !== null && categoryId === null) {
      throw catalogProblems.unknown_category(undefined, {
        errors: [{ pointer: '/category', code: 'unknown_category', message: 'is not known' }],
      });
    }
    const id = newId();
    await this.database.transaction(async () => {
      await this.stocktakes.insert({
        id,
        locationId: place.id,
        note,
        brand,
        categoryId,
        startedBy: nameOf(actor),
        at: this.clock.now(),
      });
      this.note(actor, id, 'started', { location });
    });
    return this.get(id);
  }

  async get(id: string): Promise<Stocktake> {
    const found = await this.stocktakes.find(id);
    if (!found) throw platformProblems.not_found();
    return found;
  }

  /** All of them or none. Any number of people may count at a time; what is counted again replaces the count before. */
  async count(id: string, items: readonly CountedItem[], actor: Actor): Promise<Stocktake> {
    return this.database.transaction(async () => {
      // Shared: they need not wait for each other, and whoever confirms waits for all of them.
      await this.stocktakes.lock(id, 'SHARE');
      await this.open(id);
      const found = await this.stocktakes.resolve(id, items);
      refuseOdd(found);
      const counts = found.flatMap(({ index, variantId }) => {
        const item = items[index];
        return item && variantId !== null ? [{ variantId, counted: item.counted }] : [];
      });
      await this.stocktakes.count(id, counts, nameOf(actor), this.clock.now());
      return this.get(id);
    });
  }

  /**
   * Writes the differences as movements, all of them or none: what was sold since the count is not lost. Many are written by
   * a job, and it is `applying` until then. Confirming twice is confirming once.
   */
  async confirm(id: string, actor: Actor): Promise<Stocktake> {
    return this.database.transaction(async () => {
      await this.stocktakes.lockPlace(id);
      const { state, differing } = await this.get(id);
      if (state === 'confirmed' || state === 'applying') return this.get(id);
      if (state === 'canceled') throw stocktakeProblems.stocktake_closed();
      if (differing > AT_ONCE) {
        const confirmedBy = nameOf(actor);
        await this.stocktakes.move(id, 'applying', { confirmedBy, at: this.clock.now() });
        this.outbox.record(new StocktakeConfirmed({ stocktakeId: id }));
      } else await this.apply(id, nameOf(actor));
      this.note(actor, id, 'confirmed', { differing });
      return this.get(id);
    });
  }

  /** For the job; repeating it does nothing. What cannot be written opens it again, and says why. */
  async applyLater(id: string): Promise<void> {
    try {
      await this.database.transaction(async () => {
        await this.stocktakes.lockPlace(id);
        const { state, confirmedBy } = await this.get(id);
        if (state === 'applying') await this.apply(id, confirmedBy ?? 'system');
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.database.transaction(async () => {
        await this.stocktakes.lock(id, 'UPDATE');
        const { state } = await this.get(id);
        if (state === 'applying') await this.stocktakes.move(id, 'open', null, error.message.slice(0, 500));
      });
    }
  }

  /** What was counted is forgotten by nobody, and changes nothing. Repeating it does nothing. */
  async cancel(id: string, actor: Actor): Promise<Stocktake> {
    return this.database.transaction(async () => {
      await this.stocktakes.lock(id, 'UPDATE');
      const present = await this.get(id);
      if (present.state === 'canceled') return present;
      await this.open(id);
      await this.stocktakes.move(id, 'canceled', null);
      this.note(actor, id, 'canceled', {});
      return this.get(id);
    });
  }

  private async apply(id: string, by: string): Promise<void> {
    const { locationId } = await this.get(id);
    await this.stock.adjust(locationId, await this.stocktakes.differences(id), 'stocktake', by);
    await this.stocktakes.overtake(id);
    await this.stocktakes.move(id, 'confirmed', { confirmedBy: by, at: this.clock.now() });
  }

  private async open(id: string): Promise<void> {
    if ((await this.get(id)).state !== 'open') throw stocktakeProblems.stocktake_closed();
  }

  private note(actor: Actor, id: string, what: string, details: object): void {
    this.audit.record({
      actor,
      action: `catalog.stocktake.${what}`,
      subjectType: 'stocktake',
      subjectId: id,
      details: { ...details },
    });
  }
}

const nameOf = (actor: Actor): string => personId(actor) ?? actor.kind;

function refuseOdd(found: readonly FoundItem[]): void {
  const seen = new Set<string | null>();
  const errors = found.flatMap(({ index, matches, variantId, inScope }): FieldError[] => {
    const pointer = `/counts/${index}`;
    if (matches === 0) return [{ pointer, code: 'unknown', message: 'is not known' }];
    if (matches > 1) return [{ pointer, code: 'ambiguous', message: 'is not the only one of that name' }];
    if (!inScope) return [{ pointer, code: 'out_of_scope', message: 'is not in the scope of the stocktake' }];
    if (seen.has(variantId)) return [{ pointer, code: 'duplicate', message: 'stands twice' }];
    seen.add(variantId);
    return [];
  });
  if (errors.length > 0) throw stocktakeProblems.stocktake_item(undefined, { errors });
}
