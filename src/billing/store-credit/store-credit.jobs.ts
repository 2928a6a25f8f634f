import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { StoreCredits } from './store-credits.service.js';

@Subscriber()
export class StoreCreditJobs {
  constructor(private readonly credits: StoreCredits) {}

  /** Credit whose day is over leaves the balances and the books; nobody could spend it since. */
  @Every('60s', 'billing.expire_store_credit')
  async expire(): Promise<void> {
    while ((await this.credits.expireDue()) > 0);
  }
}
