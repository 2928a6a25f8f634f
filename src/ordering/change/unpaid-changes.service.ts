import { Injectable, Logger } from '@nestjs/common';
import type { PaymentView, Requester } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Money } from '../../platform/money/money.js';
import { OrderChangeEnded } from '../ordering.events.js';
import type { Order } from '../order/order.js';
import { AmendedOrders } from './amended-orders.service.js';
import { ChangeCalculation } from './change-calculation.service.js';
import { ChangeGoods, HOLD_GRACE_MS } from './change-goods.service.js';
import { ChangeLimits } from './change-limits.service.js';
import { ChangeMoney } from './change-money.service.js';
import { ChangeRepository, type OrderChange } from './change.repository.js';
import { changed, NOTHING, type Settling } from './changed-order.js';
import { openPieces } from '../order/order-pieces.js';

/** Changes that cost more and wait for it: paid, they are the order's; unpaid, they are taken off again. */
@Injectable()
export class UnpaidChanges {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly changes: ChangeRepository,
    private readonly calculation: ChangeCalculation,
    private readonly amended: AmendedOrders,
    private readonly limits: ChangeLimits,
    private readonly goods: ChangeGoods,
    private readonly money: ChangeMoney,
    private readonly catalog: CatalogApi,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction, under the locks of payments and order: all that the order costs is there. What a change had
   * added may be sent; when its goods are gone it is taken off and its money goes back. False when no change waited.
   */
  async paid(order: Order, payments: readonly PaymentView[], actor: Actor): Promise<boolean> {
    const change = await this.changes.awaitingOf(order.id);
    if (!change) return false;
    const added = order.lines.filter(({ id }) => change.undo?.addedLineIds.includes(id));
    if (!(await this.goods.promise(change.id, order.id, added))) {
      this.log.warn(
        `a change of order ${order.number} was paid after its goods were gone: the money goes back`,
      );
      // Whoever has paid has not paid anything back.
      await this.withdraw(order, change, payments, actor, 'house');
      return true;
    }
    const at = this.clock.now();
    await this.amended.write(
      order,
      { order: freed(order), due: Money.zero(order.currency), givenBack: order.givenBack },
      payments,
      { event: 'change_paid', actor, at, facts: { changeId: change.id } },
    );
    await this.changes.end(change.id, 'awaiting_payment', 'confirmed', { at, actor: actorId(actor) });
    this.outbox.record(new OrderChangeEnded({ orderId: order.id, changeId: change.id, paid: true }));
    return true;
  }

  /**
   * In the caller's transaction, under the locks of payments and order: takes off what was added and puts the way of sending
   * back; what came back with it stays back, and its money goes: what came by hand is paid back by the member of staff who takes it
   * off, and waits for one where nobody did.
   */
  async withdraw(
    order: Order,
    change: OrderChange,
    payments: readonly PaymentView[],
    actor: Actor,
    requestedBy: Requester,
  ): Promise<void> {
    const removed = order.lines
      .filter(({ id }) => change.undo?.addedLineIds.includes(id))
      .map((line) => ({ lineId: line.id, quantity: openPieces(line) }))
      .filter(({ quantity }) => quantity > 0);
    const shipping = change.undo?.shipping ?? null;
    const result = changed(order, { ...NOTHING, removed, shipping });
    const money = this.calculation.settle(order, result.difference, payments);
    const at = this.clock.now();
    const after = {
      ...freed(result.order),
      withdrawn: order.withdrawn + this.paidFor(order, change, payments, money),
    };
    await this.amended.write(order, { ...result, ...money, order: after }, payments, {
      event: 'change_withdrawn',
      actor,
      at,
      facts: { changeId: change.id, difference: result.difference.toJSON(), refund: money.refund.toJSON() },
    });
    await this.changes.end(change.id, 'awaiting_payment', 'withdrawn', { at, actor: actorId(actor) });
    const { refundTo } = change.plan;
    await this.money.giveBack(order.id, money.refund, refundTo, 'change_withdrawn', requestedBy, true);
    await this.limits.giveBack(result.order);
    await this.goods.letGo(change.id);
    this.outbox.record(new OrderChangeEnded({ orderId: order.id, changeId: change.id, paid: false }));
  }

  /** What of the money that goes back with a change was paid for it, in minor units: the rest is for what came back with it. */
  private paidFor(
    order: Order,
    change: OrderChange,
    payments: readonly PaymentView[],
    { givenBack }: Pick<Settling, 'givenBack'>,
  ): bigint {
    const { due } = this.calculation.settle(order, Money.zero(order.currency), payments);
    const [paid, back] = [change.due - due.amount, givenBack - order.givenBack];
    return paid < 0n ? 0n : paid < back ? paid : back;
  }

  /** In the caller's transaction: more time to pay, never less, and the goods with it. */
  async prolong(change: OrderChange, until: Date): Promise<void> {
    await this.changes.prolong(change.id, until);
    await this.catalog.extendReservation(change.id, new Date(until.getTime() + HOLD_GRACE_MS));
  }
}

/** Nothing of it waits any more. */
const freed = (order: Order): Order => ({
  ...order,
  lines: order.lines.map((line) => ({ ...line, awaiting: 0 })),
});
