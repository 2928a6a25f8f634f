import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { hashOf } from '../../platform/secret.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf } from '../order/order.view.js';
import type { DueOrderDto } from './payment-link.dto.js';
import { paymentLinkProblems } from './payment-link.errors.js';
import { type PaymentLink, PaymentLinkRepository } from './payment-link.repository.js';
import { dueOrderView, underWay } from './payment-link.view.js';

/** What whoever has a link to pay sees by it. */
@Injectable()
export class OpenLinks {
  constructor(
    private readonly links: PaymentLinkRepository,
    private readonly orders: OrderRepository,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  /** What is due, for whoever has the link; 410 when it has ended. */
  async view(token: string): Promise<DueOrderDto> {
    const link = await this.open(token);
    const order = await this.orders.find(link.orderId);
    if (!order) throw platformProblems.not_found();
    const payments = await this.billing.paymentsOf([order.id]);
    this.requireHolding(link, order, payments);
    return dueOrderView(order, payments, link.expiresAt);
  }

  /** The payer comes back from the bank: the gateway is asked what became of the payment. Answers as `view` does. */
  async confirm(token: string): Promise<DueOrderDto> {
    const { orderId } = await this.open(token);
    const present = underWay(await this.billing.paymentsOf([orderId]));
    if (present) await this.billing.confirm(present.id);
    return this.view(token);
  }

  /** The link of a token; 404 when there is none, 410 when a newer one has taken its place. */
  async open(token: string): Promise<PaymentLink> {
    const link = await this.links.find(hashOf(token));
    if (!link) throw platformProblems.not_found();
    if (link.isReplaced) throw paymentLinkProblems.payment_link_ended();
    return link;
  }

  /** 410 when nothing can be paid by it any more. One of which all is paid goes on saying so. */
  requireHolding(link: PaymentLink, order: Order, payments: readonly PaymentView[]): void {
    const now = this.clock.now();
    const isGone = order.status === 'canceled' || order.status === 'expired';
    const isLate = order.status === 'pending_payment' && order.expiresAt <= now;
    const isOver = link.expiresAt <= now && !dueOf(order, payments).isZero() && !underWay(payments);
    if (isGone || isLate || isOver) throw paymentLinkProblems.payment_link_ended();
  }
}
