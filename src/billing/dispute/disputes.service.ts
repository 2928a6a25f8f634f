import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import { DisputeClosed, DisputeOpened } from '../billing.events.js';
import type { GatewayDispute, GatewaySnapshot } from '../gateway/payment-gateway.port.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { type Posting, postings } from '../ledger/posting.js';
import type { Payment } from '../payment/payment.entity.js';
import type { LateCharge } from '../payment/payment.rows.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { type Dispute, DisputeRepository } from './dispute.repository.js';

/** Takes in what gateways say about disputes: the amounts of the payment, the books and the facts follow. */
@Injectable()
export class Disputes {
  private readonly log = new Logger('billing');

  constructor(
    private readonly disputes: DisputeRepository,
    private readonly payments: PaymentRepository,
    private readonly ledger: LedgerRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction. Hearing the same again, or news that are older, changes nothing. */
  async take(paymentId: string, { ref, disputes }: Pick<GatewaySnapshot, 'ref' | 'disputes'>): Promise<void> {
    const payment = await this.payments.lockPayment(paymentId);
    if (payment === null) return;
    const now = this.clock.now();
    let changed = false;
    const late = await this.payments.lateCharges(paymentId);
    for (const told of disputes) {
      const chargeId = lateChargeOf(payment, ref, told, late);
      changed = (await this.takeOne(payment, chargeId, told, now)) || changed;
    }
    if (changed) await this.disputes.count(paymentId, now);
  }

  private async takeOne(
    payment: Payment,
    chargeId: string | null,
    told: GatewayDispute,
    now: Date,
  ): Promise<boolean> {
    const { id: paymentId, orderId, invoiceId, gateway } = payment;
    const { before, id } = await this.disputes.take(payment, chargeId, told, now);
    const amount = before === null ? told.amount : this.amountOf(before, told);
    const of = { disputeId: id, paymentId, orderId, invoiceId, amount: amount.toJSON() };
    const written: Posting[] = [];
    const more = before === null ? null : amount.minus(before.amount);
    // The bank has taken more than it said first, or given some of it back: what is decided is decided about all of it.
    if (more?.isZero() === false) {
      written.push(postings.disputeChanged(newId(), gateway, more));
      this.log.error(`payment ${paymentId} needs a person: its bank disputes ${amount.toString()} now`);
    }
    if (before === null) {
      written.push(postings.disputeOpened(id, gateway, told.amount));
      this.log.error(
        `payment ${paymentId} needs a person: its bank disputes ${told.amount.toString()} (${told.reason})`,
      );
      this.outbox.record(new DisputeOpened({ ...of, reason: told.reason }));
    }
    // A decision is never taken back by news that were on their way before it.
    const status = before === null || before.status === 'open' ? told.status : before.status;
    const isDecided = status !== 'open' && (before === null || before.status === 'open');
    const hadFee = before !== null && !before.fee.isZero();
    const fee = hadFee ? before.fee : told.fee;
    if (!hadFee && !fee.isZero()) written.push(postings.disputeFee(id, gateway, fee));
    if (isDecided) {
      written.push(
        status === 'won'
          ? postings.disputeWon(id, gateway, amount)
          : postings.disputeLost(id, gateway, amount),
      );
      this.outbox.record(new DisputeClosed({ ...of, outcome: status === 'won' ? 'won' : 'lost' }));
    }
    const evidenceDueAt = told.evidenceDueAt ?? before?.evidenceDueAt ?? null;
    const isLater = before !== null && evidenceDueAt?.getTime() !== before.evidenceDueAt?.getTime();
    if (written.length > 0 || isLater)
      await this.disputes.change(id, { status, amount, fee, evidenceDueAt }, now);
    if (written.length === 0) return before !== null && before.chargeId !== chargeId;
    await this.ledger.post({ paymentId, orderId }, written, now);
    return true;
  }

  /** A decision is about what was disputed then, and another currency is not counted: a person has to look at both. */
  private amountOf({ id, amount, status }: Dispute, told: GatewayDispute): Money {
    if (told.amount.equals(amount)) return amount;
    if (status === 'open' && told.amount.currency === amount.currency) return told.amount;
    this.log.error(
      `dispute ${id} needs a person: ${told.amount.toString()} is said of it and ${amount.toString()} is booked`,
    );
    return amount;
  }
}

/** The charge that a bank disputes, when it came too late; null: it is the one that the payment counts. */
function lateChargeOf(
  payment: Payment,
  ref: string,
  { amount }: GatewayDispute,
  late: readonly LateCharge[],
): string | null {
  // Beside money of its own a charge may have brought some in another currency, which stands apart.
  const isOwn = payment.gatewayRef === ref;
  const of = late.find(
    ({ gatewayRef, captured }) => gatewayRef === ref && (!isOwn || captured.currency === amount.currency),
  );
  return of?.id ?? null;
}
