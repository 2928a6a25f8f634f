import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { Spent, Used } from './promotion.js';
import { type Buyer, RedemptionRepository, type WantedUse } from './redemption.repository.js';

/**
 * What orders use of promotions with limits and budgets. A use is held while the order waits for its money, kept when it is
 * placed, and released when it comes to nothing. All in the transaction of the caller, after the limits of customers and
 * before the stock; orders without promotions need none of it.
 */
@Injectable()
export class Redemptions {
  constructor(
    private readonly redemptions: RedemptionRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Holds what an order uses until a moment. Returns those for which there is no room, and why: when there are any, the
   * transaction must not be committed.
   */
  async hold(
    orderId: string,
    buyer: Buyer,
    used: readonly Used[],
    until: Date,
  ): Promise<{ used: Used; spent: Spent }[]> {
    if (used.length === 0) return [];
    const uses = used.map(toUse);
    const [, refused] = await Promise.all([
      this.redemptions.lock(uses, buyer),
      this.redemptions.hold(orderId, uses, buyer, until, this.clock.now()),
    ]);
    return used.flatMap((one) => {
      const spent = refused.find(({ promotionId }) => promotionId === one.promotionId)?.spent;
      return spent ? [{ used: one, spent }] : [];
    });
  }

  /**
   * The order is placed: what it holds is its own. What it had let go of before its money came, it gets back; where there is
   * no room any more, it is counted and marked all the same: the price was promised, and it is paid.
   */
  async keep(orderId: string, buyer: Buyer): Promise<void> {
    const now = this.clock.now();
    if ((await this.redemptions.keep(orderId, now)) === 0) return;
    await this.redemptions.lock(await this.redemptions.lostBy(orderId), buyer);
    await this.redemptions.takeBack(orderId, buyer, now);
  }

  /** The order came to nothing: others may use what it had, placed or not. Repeating it does nothing. */
  release(orderId: string): Promise<void> {
    return this.redemptions.release(orderId);
  }

  /** More time to pay; what was let go of already is not held again. */
  prolong(orderId: string, until: Date): Promise<void> {
    return this.redemptions.prolong(orderId, until, this.clock.now());
  }
}

const toUse = ({ promotionId, codeId, amount }: Used): WantedUse => ({
  promotionId,
  codeId,
  amount: amount.amount.toString(),
  currency: amount.currency,
});
