import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import {
  CarrierEventsReceived,
  FulfilmentReported,
  FulfilmentTracked,
  OrderFulfilled,
} from '../ordering.events.js';
import { CarrierInbox } from './carrier-inbox.service.js';

/** Brings together what carriers tell and what has left, whichever is known first. */
@Subscriber()
export class CarrierSubscribers {
  constructor(private readonly inbox: CarrierInbox) {}

  @On(CarrierEventsReceived)
  told({ payload: { carrier, eventIds } }: CarrierEventsReceived): Promise<void> {
    return this.inbox.spread(carrier, eventIds);
  }

  @On(FulfilmentReported)
  reported({ payload: { fulfilmentId } }: FulfilmentReported): Promise<void> {
    return this.inbox.work(fulfilmentId);
  }

  @On(OrderFulfilled)
  sent({ payload: { fulfilmentId } }: OrderFulfilled): Promise<void> {
    return this.inbox.adopt(fulfilmentId);
  }

  @On(FulfilmentTracked)
  tracked({ payload: { fulfilmentId } }: FulfilmentTracked): Promise<void> {
    return this.inbox.adopt(fulfilmentId);
  }

  @Every('1d', 'ordering.forget_orphan_carrier_events')
  forget(): Promise<number> {
    return this.inbox.forgetOrphans();
  }
}
