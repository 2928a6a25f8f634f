import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Money } from '../../platform/money/money.js';

/** The money of changes, at one place. */
@Injectable()
export class ChangeMoney {
  constructor(private readonly billing: BillingApi) {}

  /** In the caller's transaction, under the locks of the payments: sends so much back, from the newest payment on. */
  async giveBack(
    payments: readonly PaymentView[],
    amount: Money,
    reason: string,
    actor: Actor,
  ): Promise<void> {
    let left = amount;
    for (const payment of [...payments].reverse()) {
      const part = payment.kept.compare(left) < 0 ? payment.kept : left;
      if (part.isZero()) continue;
      const requestedBy = actorId(actor) ?? actor.kind;
      await this.billing.refund({ paymentId: payment.id, amount: part, reason, requestedBy });
      left = left.minus(part);
    }
    if (!left.isZero()) throw new Error('more would go back than is kept');
  }
}
