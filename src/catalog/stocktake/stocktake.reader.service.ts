import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import {
  type CountRow,
  type Stocktake,
  type StocktakeState,
  StocktakeRepository,
} from './stocktake.repository.js';

export type CountFilter = 'counted' | 'differing' | 'uncounted';

/** Stocktakes as they are listed. */
@Injectable()
export class StocktakeReader {
  constructor(
    private readonly stocktakes: StocktakeRepository,
    private readonly cursors: Cursors,
  ) {}

  /** The newest first. */
  async list(
    state: StocktakeState | null,
    cursor: string | undefined,
    limit: number,
  ): Promise<Page<Stocktake>> {
    const list = `stocktakes:${state}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.stocktakes.list(state, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  async counts(
    id: string,
    filter: CountFilter,
    cursor: string | undefined,
    limit: number,
  ): Promise<Page<CountRow>> {
    const list = `stocktake:${id}:${filter}`;
    const [key = null] = this.cursors.decode(list, cursor) ?? [];
    const after = key as string | null;
    const rows =
      filter === 'uncounted'
        ? await this.stocktakes.uncounted(id, after, limit + 1)
        : await this.stocktakes.counts(id, filter === 'differing', after, limit + 1);
    return this.cursors.page(list, rows, limit, ({ variantId }) => [variantId]);
  }
}
