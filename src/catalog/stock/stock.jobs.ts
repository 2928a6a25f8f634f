import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { ReservationService } from './reservation.service.js';

@Subscriber()
export class StockJobs {
  constructor(private readonly reservations: ReservationService) {}

  /** What nobody came back for is shown as free again; a buyer who needs it does not wait for this. */
  @Every('30s', 'catalog.free_expired_holds')
  async freeExpired(): Promise<void> {
    while (await this.reservations.freeExpired());
  }
}
