import { On, Subscriber } from '../../platform/events/subscribers.js';
import { Mail } from '../../platform/mail/mail.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { OrderCanceled, OrderFulfilled, OrderPlaced } from '../ordering.events.js';
import { cancellationMail, confirmationMail, orderLetter, parcelLetter, shippedMail } from './order.mails.js';
import type { Order } from './order.js';
import { OrderRepository } from './order.repository.js';

/** Letters to the buyer. The fact carries no personal data; the order is read when the letter is written. */
@Subscriber()
export class OrderMails {
  constructor(
    private readonly orders: OrderRepository,
    private readonly mail: Mail,
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
  async ship({ payload: { orderId, fulfilmentId } }: OrderFulfilled): Promise<void> {
    const order = await this.orders.find(orderId);
    const parcel = order?.fulfilments.find(({ id }) => id === fulfilmentId);
    if (!order || !parcel || order.email === ERASED_EMAIL) return;
    await this.mail.request({
      template: shippedMail.name,
      subjectId: fulfilmentId,
      to: order.email,
      data: parcelLetter(order, parcel),
    });
  }

  private async write(template: string, order: Order): Promise<void> {
    if (order.email === ERASED_EMAIL) return;
    await this.mail.request({ template, subjectId: order.id, to: order.email, data: orderLetter(order) });
  }
}
