import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { OrderLookupAsked } from '../ordering.events.js';
import { OrderLookups } from './order-lookups.service.js';
import { OrderLookupRepository } from './order-lookup.repository.js';

@Subscriber()
export class OrderLookupSubscribers {
  constructor(
    private readonly lookups: OrderLookups,
    private readonly rows: OrderLookupRepository,
  ) {}

  @On(OrderLookupAsked)
  asked({ payload }: OrderLookupAsked): Promise<void> {
    return this.lookups.write(payload.lookupId);
  }

  @Every('1h', 'ordering.forget_lookups', { time: 'real' })
  forget(): Promise<number> {
    return this.rows.forgetOld();
  }
}
