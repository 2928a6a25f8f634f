import { Injectable } from '@nestjs/common';
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

  levels(filter: LevelFilter): Promise<StockLevel[]> {
    return this.rows.levels(filter);
  }

  /** Where the pieces of a reference come from. */
  taken(reference: string): Promise<TakenFrom[]> {
    return this.rows.taken(reference);
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
