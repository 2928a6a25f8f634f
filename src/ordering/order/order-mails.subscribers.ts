import { On, Subscriber } from '../../platform/events/subscribers.js';
import { Mail } from '../../platform/mail/mail.js';
import { OrderCanceled, OrderFulfilled, OrderPlaced } from '../ordering.events.js';
import { cancellationMail, confirmationMail, orderLetter, parcelLetter, shippedMail } from './order.mails.js';
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
    await this.write(confirmationMail.name, orderId);
  }

  @On(OrderCanceled)
  async cancel({ payload: { orderId } }: OrderCanceled): Promise<void> {
    await this.write(cancellationMail.name, orderId);
  }

  @On(OrderFulfilled)
  async ship({ payload: { orderId, fulfilmentId } }: OrderFulfilled): Promise<void> {
    const order = await this.orders.find(orderId);
    const parcel = order?.fulfilments.find(({ id }) => id === fulfilmentId);
    if (!order || !parcel) return;
    await this.mail.request({
      template: shippedMail.name,
      subjectId: fulfilmentId,
      to: order.email,
      data: parcelLetter(order, parcel),
    });
  }

  private async write(template: string, orderId: string): Promise<void> {
    const order = await this.orders.find(orderId);
    if (order) {
      await this.mail.request({ template, subjectId: orderId, to: order.email, data: orderLetter(order) });
    }
  }
}
