import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { changeProblems } from '../change/change.errors.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf } from '../order/order.view.js';
import { DueHolds } from './due-holds.service.js';
import type { CreatePaymentLinkDto, PaymentLinkDto } from './payment-link.dto.js';
import { PaymentLinkLetters } from './payment-link-letters.service.js';
import { PaymentLinkRepository } from './payment-link.repository.js';

const DAY_MS = 86_400_000;
const MOST_DAYS = 90;

/** Makes links by which whoever has them pays what is due of an order. Each order has one that holds: the newest. */
@Injectable()
export class PaymentLinks {
  constructor(
    private readonly links: PaymentLinkRepository,
    private readonly orders: OrderRepository,
    private readonly holds: DueHolds,
    private readonly billing: BillingApi,
    private readonly letters: PaymentLinkLetters,
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
    await this.holds.prolong(order, until);
    return this.make(order, until, input.mail ?? false, actor);
  }

  /** In the caller's transaction, which has locked or just made the order, and holds its goods for so long. */
  async make(
    order: Order,
    expiresAt: Date,
    isMailed: boolean,
    actor: Actor,
    declined = false,
  ): Promise<PaymentLinkDto> {
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
    if (isMailed) await this.letters.write(order, link, url, due, declined);
    return { id: link.id, url, amountDue: due.toJSON(), expiresAt: expiresAt.toISOString() };
  }
}
