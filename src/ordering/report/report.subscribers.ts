import { RefundFailed, RefundSettled } from '../../billing/billing.events.js';
import { Clock } from '../../platform/clock.js';
import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import {
  OrderCanceled,
  OrderChanged,
  OrderChangeEnded,
  OrderPlaced,
  OrdersClaimed,
} from '../ordering.events.js';
import { ReportOrdersRepository } from './report-orders.repository.js';
import { ReportWriter } from './report-writer.service.js';

/**
 * Facts only say which order is to be counted again; seconds later one writer counts many at once. A fact that comes twice,
 * or late, makes it look at an order in which nothing has changed.
 */
@Subscriber()
export class ReportSubscribers {
  constructor(
    private readonly orders: ReportOrdersRepository,
    private readonly writer: ReportWriter,
    private readonly clock: Clock,
  ) {}

  @On(OrderPlaced)
  placed({ payload: { orderId } }: OrderPlaced): Promise<void> {
    return this.orders.mark([orderId]);
  }

  @On(OrderCanceled)
  canceled({ payload: { orderId } }: OrderCanceled): Promise<void> {
    return this.orders.mark([orderId]);
  }

  @On(OrderChanged)
  changed({ payload: { orderId } }: OrderChanged): Promise<void> {
    return this.orders.mark([orderId]);
  }

  @On(OrderChangeEnded)
  ended({ payload: { orderId } }: OrderChangeEnded): Promise<void> {
    return this.orders.mark([orderId]);
  }

  @On(OrdersClaimed)
  claimed({ payload: { orderIds } }: OrdersClaimed): Promise<void> {
    return this.orders.mark(orderIds);
  }

  @On(RefundSettled)
  async refunded({ payload: { refundId, orderId, amount } }: RefundSettled): Promise<void> {
    if (orderId !== null) await this.orders.refund(refundId, orderId, amount.amount, this.clock.now(), false);
  }

  @On(RefundFailed)
  async refundFailed({ payload: { refundId, orderId, amount } }: RefundFailed): Promise<void> {
    if (orderId !== null) await this.orders.refund(refundId, orderId, amount.amount, this.clock.now(), true);
  }

  @Every('5s', 'ordering.update_reports')
  update(): Promise<number> {
    return this.writer.update();
  }

  @Every('10s', 'ordering.rebuild_reports')
  rebuild(): Promise<number> {
    return this.writer.rebuild();
  }
}
