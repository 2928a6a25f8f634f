import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Problem } from '../../platform/http/problem.js';
import type { Holder } from '../cart/cart.access.js';
import { type Order, totalOf } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderRepository } from '../order/order.repository.js';
import type { CheckoutDto, TenderDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import { contradicts } from './draft.js';
import { tenderOf } from './tender.js';
import type { Begun, Remember } from './payment-steps.service.js';

/** The payments that an attempt has opened. */
export interface Opened {
  /** What the gateway is to be asked; null: nothing. */
  operationId: string | null;
  /** Whether anything but a card pays for the order. */
  isSplit: boolean;
}

/** Attempts to pay for an order that waits for its money, in the transaction of their caller. */
@Injectable()
export class PaymentAttempts {
  constructor(
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Until when an order that is written now, or tried to be paid, waits for its money. */
  deadline(): Date {
    return new Date(this.clock.now().getTime() + this.config.unpaidOrderMinutes * 60_000);
  }

  /** The first one, with the order that is just written. */
  open(order: Order, tender: TenderDto, payer: Actor): Promise<Opened> {
    return this.pay(order, tender, payer, true);
  }

  /**
   * Another one by the checkout of the same cart: a new key is a new attempt, at the same price and for just what the order says.
   * 409 when it waits no longer or the checkout asks for something else.
   */
  async retry(orderId: string, holder: Holder, input: CheckoutDto, remember: Remember): Promise<Begun> {
    const order = await this.orders.find(orderId);
    if (!order) throw new Error(`the order ${orderId} is gone`);
    const extra = extraOf(order);
    if (order.status !== 'pending_payment' || order.expiresAt <= this.clock.now()) {
      throw checkoutProblems.order_closed(`The order ${order.number} is ${order.status}.`, { extra });
    }
    const expected = input.expectedTotal;
    if (expected && !(BigInt(expected.amount) === order.total && expected.currency === order.currency)) {
      throw checkoutProblems.cart_changed(`It comes to ${totalOf(order)}.`, { extra });
    }
    if (contradicts(order, input)) throw checkoutProblems.order_fixed(undefined, { extra });
    return this.again(order, input, holder.actor, remember);
  }

  /**
   * Another one at the order's price by whoever was let to it, with the usual time for it. 409 `ordering.order_closed` when the
   * order waits no longer.
   */
  async again(order: Order, tender: TenderDto, payer: Actor, remember: Remember): Promise<Begun> {
    const { operationId } = await this.pay(order, tender, payer, false);
    const soon = this.deadline();
    const until = soon > order.expiresAt ? soon : order.expiresAt;
    const begun = { orderId: order.id, operationId };
    await remember(begun);
    const hold = await this.holds.prolong(order.id, until);
    if (hold === 'closed') throw checkoutProblems.order_closed(undefined, { extra: extraOf(order) });
    // Nobody is charged for what was freed: it is held again before the gateway is asked, or nothing happens.
    if (hold === 'lost') await this.reserve({ ...order, expiresAt: until });
    return begun;
  }

  /** Holds the goods of an order for as long as it waits for its money; `ordering.out_of_stock` (409). */
  async reserve(order: Order): Promise<void> {
    try {
      await this.holds.reserve(order);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'catalog.out_of_stock') throw error;
      const { errors } = error.details;
      throw checkoutProblems.out_of_stock(error.message, { ...(errors && { errors }) });
    }
  }

  private async pay(order: Order, tender: TenderDto, payer: Actor, isNew: boolean): Promise<Opened> {
    const total = totalOf(order);
    if (total.isZero()) return { operationId: null, isSplit: false };
    return this.billing.payOrder({ ...tenderOf(order, total, tender, payer), isNew });
  }
}

const extraOf = ({ id, number, status }: Order) => ({ orderId: id, number, orderStatus: status });
