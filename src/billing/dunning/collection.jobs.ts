import { Logger } from '@nestjs/common';
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
  private readonly log = new Logger('billing');

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
  private async remind(): Promise<boolean> {
    let taken: string | null = null;
    const announce = this.database.transaction(async () => {
      const collecting = await this.rows.lockToRemind(this.clock.now());
      if (collecting === null) return false;
      taken = collecting.collection.invoiceId;
      collecting.collection.remindAt = null;
      await this.rows.save(collecting.collection);
      await this.letters.write(collecting, 'before_retry');
      return true;
    });
    return announce.catch(async (error: unknown) => {
      if (taken === null) throw error;
      // Whatever is wrong with this one, the others are announced, and collected.
      this.log.error(`the letter about the invoice ${taken} is put off: ${String(error)}`);
      await this.putOff(taken);
      return true;
    });
  }

  private async putOff(invoiceId: string): Promise<void> {
    await this.database.transaction(async () => {
      const collection = (await this.rows.lock(invoiceId))?.collection;
      const now = this.clock.now();
      if (collection === undefined || collection.remindAt === null || collection.remindAt > now) return;
      collection.announceLater(now);
      await this.rows.save(collection);
    });
  }
}
