import { Injectable } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderLocks } from '../order/order-locks.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf } from '../order/order.view.js';
import { PaymentLinkRepository } from './payment-link.repository.js';
import { underWay } from './payment-link.view.js';
import { PaymentLinks } from './payment-links.service.js';

const billing = system('billing');

/** Payments that are declined after their request was answered: nobody stands at the checkout any more to be told. */
@Injectable()
export class LateDeclines {
  constructor(
    private readonly rows: PaymentLinkRepository,
    private readonly links: PaymentLinks,
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly locks: OrderLocks,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: from now on the buyer has the usual time to pay otherwise, or as long as a link holds that was
   * given. Whoever had been told to wait gets a letter with a link. Does nothing while another attempt is on its way.
   */
  async take(orderId: string): Promise<void> {
    await this.rows.lockAllOf(orderId);
    const locked = await this.locks.lock(orderId);
    if (locked?.order.status !== 'pending_payment' || underWay(locked.payments)) return;
    const { order, payments } = locked;
    const now = this.clock.now();
    const usual = new Date(now.getTime() + this.config.unpaidOrderMinutes * 60_000);
    const link = await this.rows.heldUntil(orderId);
    const until = link && link > usual ? link : usual;
    await this.orders.shorten(orderId, until);
    await this.holds.prolong(orderId, until);
    if (!wasToldToWait(order)) return;
    await this.orders.note(orderId, order, { event: 'payment_declined', actor: billing, at: now });
    if (!dueOf(order, payments).isZero()) await this.links.make(order, until, true, billing, true);
  }
}

const wasToldToWait = ({ history }: Order): boolean =>
  history.findLast(({ event }) => event.startsWith('payment_'))?.event === 'payment_processing';
