import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { BackInStock, StockChanged, StockLow } from '../catalog.events.js';
import { becameLow, cameBack, type Move } from './crossings.js';
import { MovementRepository } from './movement.repository.js';

const IN_ONE_FACT = 500;

/** What is told of stock that moved: that it did, and when it has run low or is back. */
@Injectable()
export class StockFacts {
  constructor(
    private readonly database: Database,
    private readonly movements: MovementRepository,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
  ) {}

  /**
   * In the transaction that moved it, which holds the locks of every row of these variants: so each crossing is seen by
   * exactly one, however many sell at once. What never was there does not come back, unless somebody waits for it.
   */
  async tell(moves: readonly Move[]): Promise<void> {
    if (moves.length === 0) return;
    // A stocktake moves as many as there are: no fact carries them all.
    for (let from = 0; from < moves.length; from += IN_ONE_FACT)
      this.outbox.record(
        new StockChanged({
          variantIds: moves.slice(from, from + IN_ONE_FACT).map(({ variantId }) => variantId),
        }),
      );
    const there = moves.filter(cameBack);
    const missed = new Set(
      there.length > 0 ? await this.movements.missed(there.map(({ variantId }) => variantId)) : [],
    );
    for (const move of moves) {
      const { variantId, after: available, lowStockAt } = move;
      if (becameLow(move))
        this.outbox.record(new StockLow({ variantId, available, lowStockAt: lowStockAt ?? 0 }));
      if (missed.has(variantId)) this.outbox.record(new BackInStock({ variantId, available }));
    }
    this.database.afterCommit(() => this.pages.touchStock());
  }
}
