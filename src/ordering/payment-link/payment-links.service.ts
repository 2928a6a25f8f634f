import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { changeProblems } from '../change/change.errors.js';
import { ChangeRepository } from '../change/change.repository.js';
import { UnpaidChanges } from '../change/unpaid-changes.service.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { greetingOf, nameOf } from '../order/order.mails.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf } from '../order/order.view.js';
import type { CreatePaymentLinkDto, DueOrderDto, PaymentLinkDto } from './payment-link.dto.js';
import { paymentLinkProblems } from './payment-link.errors.js';
import { paymentLinkMail } from './payment-link.mails.js';
import { type PaymentLink, PaymentLinkRepository } from './payment-link.repository.js';
import { dueOrderView, underWay } from './payment-link.view.js';

const DAY_MS = 86_400_000;
const MOST_DAYS = 90;

/** Links by which whoever has them pays what is due of an order. Each order has one that holds: the newest. */
@Injectable()
export class PaymentLinks {
  constructor(
    private readonly links: PaymentLinkRepository,
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
    private readonly billing: BillingApi,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** When a link ends that was asked for; 422 at `pointer` when that is past, or too far away. */
  deadline(wanted: string | null, pointer: string): Date {
    const now = this.clock.now().getTime();
    if (wanted === null) return new Date(now + this.config.paymentLinkDays * DAY_MS);
    const until = new Date(wanted);
    if (until.getTime() > now && until.getTime() <= now + MOST_DAYS * DAY_MS) return until;
    throw platformProblems.invalid_input('The link ends within 90 days.', {
      errors: [
        { pointer, code: 'out_of_range', message: `must be later than now, by ${MOST_DAYS} days at most` },
      ],
    });
  }

  /**
   * In the caller's transaction: a link for what is due of an order, in place of the one that it had. What the order, or a change
   * of it, holds is held as long. 409 when nothing is due.
   */
  async create(orderId: string, input: CreatePaymentLinkDto, actor: Actor): Promise<PaymentLinkDto> {
    const until = this.deadline(input.expiresAt ?? null, '/expiresAt');
    await this.links.lockAllOf(orderId);
    await this.billing.lockPaymentsOf(orderId);
    const order = await this.orders.locked(orderId);
    if (!order) throw platformProblems.not_found();
    await this.prolong(order, until);
    return this.make(order, until, input.mail ?? false, actor);
  }

  /** In the caller's transaction, which has locked or just made the order, and holds its goods for so long. */
  async make(order: Order, expiresAt: Date, isMailed: boolean, actor: Actor): Promise<PaymentLinkDto> {
    const due = dueOf(order, await this.billing.paymentsOf([order.id]));
    if (due.isZero()) throw changeProblems.nothing_due();
    const token = newSecret();
    const createdAt = this.clock.now();
    const link = { id: newId(), orderId: order.id, expiresAt, createdBy: actorId(actor), createdAt };
    await this.links.insert(link, hashOf(token));
    const url = `${this.config.publicUrl}/pay?token=${token}`;
    this.audit.record({
      actor,
      action: 'ordering.payment_link.created',
      subjectType: 'order',
      subjectId: order.id,
      details: { linkId: link.id, amountDue: due.toJSON(), expiresAt: expiresAt.toISOString(), isMailed },
    });
    if (isMailed && order.email !== ERASED_EMAIL) {
      await this.mail.request({
        template: paymentLinkMail.name,
        subjectId: link.id,
        to: order.email,
        data: {
          ...{ number: order.number, greeting: greetingOf(order), amount: due.toString(), url },
          contents: order.lines.map((line) => `${line.quantity} × ${nameOf(line)}`).join('\n'),
          until: `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
        },
      });
    }
    return { id: link.id, url, amountDue: due.toJSON(), expiresAt: expiresAt.toISOString() };
  }

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

  private async prolong(order: Order, until: Date): Promise<void> {
    const { id: orderId, number } = order;
    if (order.status === 'pending_payment') {
      const hold = await this.holds.prolong(orderId, until);
      if (hold === 'closed')
        throw checkoutProblems.order_closed(undefined, {
          extra: { orderId, number, orderStatus: order.status },
        });
      if (hold === 'lost') await this.holds.reserve({ ...order, expiresAt: until });
      return;
    }
    const change = await this.changes.awaitingOf(orderId);
    if (!change) throw changeProblems.nothing_due();
    await this.unpaid.prolong(change, until);
  }
}
