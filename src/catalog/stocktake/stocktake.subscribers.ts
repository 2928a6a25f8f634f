import { On, Subscriber } from '../../platform/events/subscribers.js';
import { StocktakeConfirmed } from '../catalog.events.js';
import { StocktakeService } from './stocktake.service.js';

@Subscriber()
export class StocktakeSubscribers {
  constructor(private readonly stocktakes: StocktakeService) {}

  @On(StocktakeConfirmed, { transactional: false })
  confirmed({ payload }: StocktakeConfirmed): Promise<void> {
    return this.stocktakes.applyLater(payload.stocktakeId);
  }
}
