import { On, Subscriber } from '../../platform/events/subscribers.js';
import { Mail } from '../../platform/mail/mail.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { ReturnMoved } from '../ordering.events.js';
import { greetingOf } from '../order/order.mails.js';
import { OrderRepository } from '../order/order.repository.js';
import type { ReturnState } from './return.js';
import { RETURN_MAILS, type ReturnLetter } from './return.mails.js';
import { ReturnRepository } from './return.repository.js';

/** Letters to the buyer about each step of a return. */
@Subscriber()
export class ReturnMails {
  constructor(
    private readonly orders: OrderRepository,
    private readonly returns: ReturnRepository,
    private readonly mail: Mail,
  ) {}

  @On(ReturnMoved)
  async moved({ payload: { returnId, orderId, state } }: ReturnMoved): Promise<void> {
    const [order, one] = [await this.orders.find(orderId), await this.returns.find(returnId)];
    const template = RETURN_MAILS[state as ReturnState];
    if (!order || !one || !template || order.email === ERASED_EMAIL) return;
    const data: ReturnLetter = {
      number: one.number,
      orderNumber: one.orderNumber,
      greeting: greetingOf(order),
      contents: one.lines.map(({ quantity, title }) => `${quantity} × ${title}`).join('\n'),
      answer: one.answer,
      labelUrl: one.labelUrl,
    };
    await this.mail.request({ template: template.name, subjectId: returnId, to: order.email, data });
  }
}
