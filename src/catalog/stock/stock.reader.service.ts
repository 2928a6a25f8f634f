import { Injectable } from '@nestjs/common';
import { catalogProblems } from '../catalog.errors.js';
import {
  type LevelFilter,
  LevelRepository,
  type MovementView,
  type StockLevel,
  type TakenFrom,
} from './level.repository.js';

/** Stock as staff read it. */
@Injectable()
export class StockReader {
  constructor(private readonly rows: LevelRepository) {}

  /** 422 `catalog.unknown_location` when nothing is found because there is no such location. */
  async levels(filter: LevelFilter): Promise<StockLevel[]> {
    const levels = await this.rows.levels(filter);
    if (levels.length === 0 && filter.location !== null && !(await this.rows.knowsLocation(filter.location)))
      throw catalogProblems.unknown_location(undefined, {
        errors: [{ pointer: '/location', code: 'unknown_location', message: 'is not known' }],
      });
    return levels;
  }

  /** Where the pieces of these references come from. */
  taken(references: readonly string[]): Promise<TakenFrom[]> {
    return this.rows.taken(references);
  }

  /** Null: there is no such location. */
  locationName(code: string): Promise<string | null> {
    return this.rows.locationName(code);
  }

  /** The newest first. `position` is what the next page goes on after. */
  movements(
    stockId: string,
    after: string | null,
    limit: number,
  ): Promise<(MovementView & { position: string })[]> {
    return this.rows.movements(stockId, after, limit);
  }
}
