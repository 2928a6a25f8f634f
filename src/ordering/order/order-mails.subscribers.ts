import { BillingApi } from '../../billing/billing.api.js';
import { Config } from '../../platform/config.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { Mail } from '../../platform/mail/mail.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { deliveredMail, parcelLetter, shippedMail } from '../fulfilment/fulfilment.mails.js';
import { FulfilmentDelivered, OrderCanceled, OrderFulfilled, OrderPlaced } from '../ordering.events.js';
import { cancellationMail, confirmationMail, orderLetter } from './order.mails.js';
import type { Order } from './order.js';
import { OrderRepository } from './order.repository.js';

/** Letters to the buyer. The fact carries no personal data; the order is read when the letter is written. */
@Subscriber()
export class OrderMails {
  constructor(
    private readonly orders: OrderRepository,
    private readonly billing: BillingApi,
    private readonly mail: Mail,
    private readonly config: Config,
  ) {}

  @On(OrderPlaced)
  async confirm({ payload: { orderId } }: OrderPlaced): Promise<void> {
    const order = await this.orders.find(orderId);
    if (order) await this.write(confirmationMail.name, order);
  }

  /** Of an order that was placed: else anybody could have us write what they like to whom they like, for nothing. */
  @On(OrderCanceled)
  async cancel({ payload: { orderId } }: OrderCanceled): Promise<void> {
    const order = await this.orders.find(orderId);
    if (order && order.placedAt !== null) await this.write(cancellationMail.name, order);
  }

  @On(OrderFulfilled)
  ship({ payload: { orderId, fulfilmentId } }: OrderFulfilled): Promise<void> {
    return this.writeOfParcel(shippedMail.name, orderId, fulfilmentId);
  }

  @On(FulfilmentDelivered)
  async arrive({ payload: { orderId, fulfilmentId } }: FulfilmentDelivered): Promise<void> {
    if (this.config.deliveredLetters) await this.writeOfParcel(deliveredMail.name, orderId, fulfilmentId);
  }

  private async writeOfParcel(template: string, orderId: string, fulfilmentId: string): Promise<void> {
    const order = await this.orders.find(orderId);
    const parcel = order?.fulfilments.find(({ id }) => id === fulfilmentId);
    if (!order || !parcel || order.email === ERASED_EMAIL) return;
    const data = parcelLetter(order, parcel);
    await this.mail.request({ template, subjectId: fulfilmentId, to: order.email, data });
  }

  private async write(template: string, order: Order): Promise<void> {
    if (order.email === ERASED_EMAIL) return;
    const payments = await this.billing.paymentsOf([order.id]);
    const data = orderLetter(order, payments);
    await this.mail.request({ template, subjectId: order.id, to: order.email, data });
  }
}
