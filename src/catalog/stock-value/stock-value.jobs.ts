import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { StockValues } from './stock-values.service.js';

@Subscriber()
export class StockValueJobs {
  constructor(private readonly values: StockValues) {}

  /** Each hour, so that a night without a worker costs hours and not the day; the first look of a day counts. */
  @Every('1h', 'catalog.note_stock_value')
  async note(): Promise<void> {
    await this.values.noteToday();
  }
}
