import { On, Subscriber } from '../../platform/events/subscribers.js';
import { PriceChangeRequested } from '../catalog.events.js';
import { PriceChangeService } from './price-change.service.js';

@Subscriber()
export class PriceChangeSubscribers {
  constructor(private readonly changes: PriceChangeService) {}

  /** In transactions of its own, chunk by chunk; a repeat goes on at the checkpoint. */
  @On(PriceChangeRequested, { queue: 'imports', transactional: false })
  async work({ payload }: PriceChangeRequested): Promise<void> {
    await this.changes.run(payload.changeId);
  }
}
