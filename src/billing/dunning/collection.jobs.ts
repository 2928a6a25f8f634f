import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { CollectionCharges } from './collection-charges.service.js';
import { CollectionRepository } from './collection.repository.js';
import { DunningLetters } from './dunning-letters.service.js';

/** So many gateways' answers are waited for at once. */
const LANES = 4;

/** Makes the attempts whose time has come, and announces those that come within a day. */
@Subscriber()
export class CollectionJobs {
  constructor(
    private readonly database: Database,
    private readonly charges: CollectionCharges,
    private readonly rows: CollectionRepository,
    private readonly letters: DunningLetters,
    private readonly clock: Clock,
  ) {}

  @Every('60s', 'billing.collect')
  async collect(): Promise<void> {
    while (await this.remind());
    await Promise.all(Array.from({ length: LANES }, () => this.lane()));
  }

  private async lane(): Promise<void> {
    while (await this.charges.next());
  }

  /** False when nothing is to be announced. */
  private remind(): Promise<boolean> {
    return this.database.transaction(async () => {
      const collecting = await this.rows.lockToRemind(this.clock.now());
      if (collecting === null) return false;
      collecting.collection.remindAt = null;
      await this.rows.save(collecting.collection);
      await this.letters.write(collecting, 'before_retry');
      return true;
    });
  }
}
