import { Injectable } from '@nestjs/common';
import type { Location } from './location.entity.js';
import { type MovementView, type StockLevel, StockRepository } from './stock.repository.js';

/** Stock as staff read it. */
@Injectable()
export class StockReader {
  constructor(private readonly stock: StockRepository) {}

  levels(filter: Parameters<StockRepository['levels']>[0]): Promise<StockLevel[]> {
    return this.stock.levels(filter);
  }

  movements(stockId: string, after: string | null, limit: number): Promise<MovementView[]> {
    return this.stock.movements(stockId, after, limit);
  }

  locations(): Promise<Location[]> {
    return this.stock.locations();
  }
}
