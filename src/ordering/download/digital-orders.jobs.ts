import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { DigitalOrders } from './digital-orders.service.js';

@Subscriber()
export class DigitalOrderJobs {
  constructor(private readonly orders: DigitalOrders) {}

  @Every('1h', 'ordering.complete_digital_orders')
  complete(): Promise<number> {
    return this.orders.completeOld();
  }
}
