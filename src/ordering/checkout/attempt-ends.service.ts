import { Injectable } from '@nestjs/common';
import type { PaymentView } from '../../billing/billing.api.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import type { Problem } from '../../platform/http/problem.js';
import { ChangeRepository } from '../change/change.repository.js';
import { UnpaidChanges } from '../change/unpaid-changes.service.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { checkoutProblems } from './checkout.errors.js';

/** A shopper at the bank's page, and a method that takes its time. */
const HOLD_FOR_ACTION_MS = 60 * 60_000;
const HOLD_FOR_OUTCOME_MS = 24 * 60 * 60_000;

/** Attempts to pay that did not end with the money there; in the transaction that takes in their outcome. */
@Injectable()
export class AttemptEnds {
  constructor(
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Whether the gateway said no, so that another method may be tried. */
  static isDeclined(payment: PaymentView): boolean {
    return payment.status === 'requires_payment_method' || payment.status === 'canceled';
  }

  /** The transfer that an order waits for, where nobody was asked for money. */
  static transferOf(payments: readonly PaymentView[]): PaymentView | null {
    return (
      payments.find(({ kind, status }) => kind === 'bank_transfer' && status === 'requires_action') ?? null
    );
  }

  /** The history says so, and the 402 that is to be answered. */
  async declined(order: Order, payment: PaymentView | null): Promise<Problem> {
    const declineCode = payment?.declineCode ?? null;
    await this.orders.note(order.id, order, {
      event: 'payment_declined',
      actor: system('billing'),
      at: this.clock.now(),
      ...(declineCode !== null && { note: declineCode }),
    });
    const { id: orderId, number } = order;
    const extra = { orderId, number, paymentId: payment?.id ?? null, declineCode };
    return checkoutProblems.payment_declined(undefined, { extra });
  }

  /** What the order, or a change of it, holds is held until the outcome can be there; answers until when. */
  async waits(order: Order, { kind, status, reviewUntil }: PaymentView): Promise<Date> {
    const wait =
      kind === 'bank_transfer'
        ? this.config.bankTransferDays * 24 * 60 * 60_000
        : status === 'requires_action'
          ? HOLD_FOR_ACTION_MS
          : HOLD_FOR_OUTCOME_MS;
    // Who looks at a hold has as long as the hold lasts.
    const until = reviewUntil ?? new Date(this.clock.now().getTime() + wait);
    if (order.status === 'pending_payment') {
      await this.holds.prolong(order.id, until);
      // Whoever was told to wait is written to when nothing comes of it.
      if (status === 'processing')
        await this.orders.note(order.id, order, {
          event: 'payment_processing',
          actor: system('billing'),
          at: this.clock.now(),
        });
      return until;
    }
    const change = await this.changes.awaitingOf(order.id);
    if (change) await this.unpaid.prolong(change, until);
    return until;
  }
}
