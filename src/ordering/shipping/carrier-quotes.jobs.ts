import { Clock } from '../../platform/clock.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { CarrierQuoteRepository } from './carrier-quotes.repository.js';

const KEPT_AFTER_MS = 60 * 60_000;

/** What carriers asked is of no use an hour after it held. */
@Subscriber()
export class CarrierQuoteJobs {
  constructor(
    private readonly quotes: CarrierQuoteRepository,
    private readonly clock: Clock,
  ) {}

  @Every('1h', 'ordering.sweep_carrier_rates')
  sweep(): Promise<number> {
    return this.quotes.sweep(new Date(this.clock.now().getTime() - KEPT_AFTER_MS));
  }
}
