import { Injectable } from '@nestjs/common';
import { BillingApi, type Requester } from '../../billing/billing.api.js';
import type { Money } from '../../platform/money/money.js';
import type { ChangePlan } from './plan.js';

/** The money of changes, at one place. */
@Injectable()
export class ChangeMoney {
  constructor(private readonly billing: BillingApi) {}

  /**
   * In the caller's transaction, under the locks of the payments: sends so much back; nothing when that is nothing. With
   * `asFarAsThere` it never fails for what a bank disputes or has kept: that is left out, and the order says what should go back.
   */
  async giveBack(
    orderId: string,
    amount: Money,
    to: ChangePlan['refundTo'],
    reason: string,
    requestedBy: Requester,
    asFarAsThere = false,
  ): Promise<void> {
    if (amount.isZero()) return;
    await this.billing.refundOrder(orderId, amount, { to, reason, requestedBy, asFarAsThere });
  }
}
