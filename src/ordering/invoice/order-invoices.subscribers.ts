import { InvoiceMoved } from '../../billing/billing.events.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { OrderCanceled, OrderChanged, OrderChangeEnded, OrderPlaced } from '../ordering.events.js';
import { OrderInvoices } from './order-invoices.service.js';

/** Whatever an order comes to, its documents follow. */
@Subscriber()
export class OrderInvoiceSubscribers {
  constructor(private readonly invoices: OrderInvoices) {}

  @On(OrderPlaced)
  placed({ payload }: OrderPlaced): Promise<void> {
    return this.invoices.bringUpTo(payload.orderId, 'order_change');
  }

  @On(OrderChanged)
  changed({ payload: { orderId, kind } }: OrderChanged): Promise<void> {
    const isFault = kind === 'return' || kind === 'claim';
    return this.invoices.bringUpTo(orderId, isFault ? 'product_unsatisfactory' : 'order_change');
  }

  @On(OrderChangeEnded)
  changeEnded({ payload }: OrderChangeEnded): Promise<void> {
    return this.invoices.bringUpTo(payload.orderId, 'order_change');
  }

  /** An order that goes on is invoiced anew, as it is now: what is paid for it would be booked by nothing else. */
  @On(InvoiceMoved)
  async moved({ payload: { orderId, state } }: InvoiceMoved): Promise<void> {
    if (orderId !== null && state === 'void') await this.invoices.bringUpTo(orderId, 'other');
  }

  @On(OrderCanceled)
  canceled({ payload }: OrderCanceled): Promise<void> {
    return this.invoices.bringUpTo(payload.orderId, 'order_change');
  }
}
