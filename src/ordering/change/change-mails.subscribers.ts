import { On, Subscriber } from '../../platform/events/subscribers.js';
import { Mail } from '../../platform/mail/mail.js';
import { Money } from '../../platform/money/money.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { OrderChanged, OrderChangeEnded } from '../ordering.events.js';
import { greetingOf } from '../order/order.mails.js';
import { type Order, totalOf } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { ChangeRepository, type OrderChange } from './change.repository.js';
import { changePaidMail, changeWithdrawnMail, orderChangedMail } from './change.mails.js';
import type { Explained } from './changed-order.js';

/** Letters to the buyer about changes of the order. */
@Subscriber()
export class ChangeMails {
  constructor(
    private readonly orders: OrderRepository,
    private readonly changes: ChangeRepository,
    private readonly mail: Mail,
  ) {}

  @On(OrderChanged)
  async changed({ payload: { orderId, changeId } }: OrderChanged): Promise<void> {
    const [order, change] = [await this.orders.find(orderId), await this.changes.find(orderId, changeId)];
    // A canceled order has a letter of its own.
    if (!order || !change || order.email === ERASED_EMAIL || order.status === 'canceled') return;
    await this.mail.request({
      template: orderChangedMail.name,
      subjectId: changeId,
      to: order.email,
      data: letterOf(order, change),
    });
  }

  @On(OrderChangeEnded)
  async ended({ payload: { orderId, changeId, paid } }: OrderChangeEnded): Promise<void> {
    const order = await this.orders.find(orderId);
    if (!order || order.email === ERASED_EMAIL) return;
    if (paid) return this.paid(order, changeId);
    await this.mail.request({
      template: changeWithdrawnMail.name,
      subjectId: changeId,
      to: order.email,
      data: { number: order.number, greeting: greetingOf(order), total: totalOf(order).toString() },
    });
  }

  /** Once for each change, however it was paid and however often that is told. */
  private async paid(order: Order, changeId: string): Promise<void> {
    const change = await this.changes.find(order.id, changeId);
    if (!change) return;
    const { number, greeting, contents, due, total } = letterOf(order, change);
    await this.mail.request({
      template: changePaidMail.name,
      subjectId: changeId,
      to: order.email,
      data: { number, greeting, contents, paid: due, total },
    });
  }
}

function letterOf(order: Order, change: OrderChange) {
  const money = (amount: bigint) => (amount === 0n ? '' : Money.of(amount, order.currency).toString());
  return {
    number: order.number,
    greeting: greetingOf(order),
    reason: change.reason,
    contents: change.explained.map((one) => sentenceOf(one, order)).join('\n'),
    total: totalOf(order).toString(),
    due: money(change.due),
    refund: money(change.refund),
    until: change.expiresAt && `${change.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  };
}

const WORDS: Readonly<Record<Explained['effect'], string>> = {
  removed: 'taken off',
  returned: 'sent back',
  refunded: 'refunded',
  replaced: 'sent again',
  added: 'added',
  shipping: 'shipping',
};

function sentenceOf({ effect, lineId, quantity, total }: Explained, order: Order): string {
  const amount = Money.of(total, order.currency).toString();
  if (effect === 'shipping') return `Shipping: ${amount}`;
  const title = order.lines.find(({ id }) => id === lineId)?.title ?? '';
  return `${quantity} × ${title}, ${WORDS[effect]}: ${amount}`;
}
