import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Money } from '../../platform/money/money.js';
import type { CouponRedemption } from './subscription-coupon.js';

/** A cycle of a subscription: the anchors are counted, and its periods from each of them. */
export interface CycleOf {
  readonly scheduleNo: number;
  readonly periodIndex: number;
}

/** A cycle that a coupon took something off, or what was used up to a pause or the end. */
export interface CouponUse {
  readonly redemptionId: string;
  readonly periodStart: string;
  /** Minor units. */
  readonly amount: string;
  readonly invoiceId: string | null;
  readonly usedAt: Date;
}

/** Who has a coupon, and what it took off. Under the lock of the subscription. */
@Injectable()
export class CouponRedemptionRepository {
  constructor(private readonly database: Database) {}

  async insert({ id, couponId, subscriptionId, terms, redeemedAt }: CouponRedemption): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.coupon_redemptions (id, coupon_id, subscription_id, terms, redeemed_at)
       VALUES ($1, $2, $3, $4, $5)`,
      [id, couponId, subscriptionId, JSON.stringify(terms), redeemedAt],
    );
  }

  /** The one that a subscription has. */
  async present(subscriptionId: string): Promise<CouponRedemption | null> {
    return this.one(`${SELECT} WHERE r.subscription_id = $1 AND r.ended_at IS NULL`, [subscriptionId]);
  }

  /** The one that it has, where it is for the plan of this code. */
  async presentFor(subscriptionId: string, planCode: string): Promise<CouponRedemption | null> {
    return this.one(
      `${SELECT} JOIN billing.coupons c ON c.id = r.coupon_id WHERE r.subscription_id = $1 AND r.ended_at IS NULL
         AND (c.plan_ids IS NULL OR EXISTS (SELECT FROM billing.plans p WHERE p.id = ANY (c.plan_ids) AND p.code = $2))`,
      [subscriptionId, planCode],
    );
  }

  /** The one that took something off this cycle, whether it is still there or not. */
  async inCycle(
    subscriptionId: string,
    { scheduleNo, periodIndex }: CycleOf,
  ): Promise<CouponRedemption | null> {
    return this.one(
      `${SELECT} WHERE r.subscription_id = $1 AND EXISTS (SELECT FROM billing.coupon_uses u
         WHERE u.redemption_id = r.id AND u.schedule_no = $2 AND u.period_index = $3)`,
      [subscriptionId, scheduleNo, periodIndex],
    );
  }

  /** Whether a subscription has had it, and it took something off. */
  async hadOf(couponId: string, subscriptionId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT FROM billing.coupon_redemptions r WHERE r.subscription_id = $2 AND r.coupon_id = $1
         AND EXISTS (SELECT FROM billing.coupon_uses u WHERE u.redemption_id = r.id) LIMIT 1`,
      [couponId, subscriptionId],
    );
    return rows.length > 0;
  }

  /** How often a customer has taken a coupon and not given it back. */
  async countOf(couponId: string, customerId: string): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM billing.coupon_redemptions r
       JOIN billing.subscriptions s ON s.id = r.subscription_id
       WHERE r.coupon_id = $1 AND s.customer_id = $2 AND NOT r.given_back`,
      [couponId, customerId],
    );
    return row?.count ?? 0;
  }

  async use(
    { id }: CouponRedemption,
    { scheduleNo, periodIndex }: { scheduleNo: number; periodIndex: number | null },
    {
      periodStart,
      amount,
      invoiceId,
      at,
    }: { periodStart: string; amount: Money; invoiceId: string | null; at: Date },
  ): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.coupon_uses (redemption_id, schedule_no, period_index, period_start, amount, invoice_id, used_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [id, scheduleNo, periodIndex, periodStart, amount.amount, invoiceId, at],
    );
  }

  /** False when it has ended before. */
  async end(id: string, givenBack: boolean, now: Date): Promise<boolean> {
    const ended = await this.database.execute(
      'UPDATE billing.coupon_redemptions SET ended_at = $2, given_back = $3 WHERE id = $1 AND ended_at IS NULL',
      [id, now, givenBack],
    );
    return ended === 1;
  }

  /** Nobody has paid: all that a subscription has taken is given back. Answers the coupons, in their order. */
  async giveBackAll(subscriptionId: string, now: Date): Promise<string[]> {
    const rows = await this.database.query<{ couponId: string }>(
      `UPDATE billing.coupon_redemptions SET given_back = true, ended_at = coalesce(ended_at, $2)
       WHERE subscription_id = $1 AND NOT given_back RETURNING coupon_id AS "couponId"`,
      [subscriptionId, now],
    );
    return rows.map(({ couponId }) => couponId).sort();
  }

  /** Who has taken a coupon: a page, the newest first. */
  async ofCoupon(couponId: string, after: string | null, limit: number): Promise<CouponRedemption[]> {
    return this.database.query<CouponRedemption>(
      `${SELECT} WHERE r.coupon_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3`,
      [couponId, after, limit],
    );
  }

  /** All that these subscriptions have taken, the oldest first. */
  ofSubscriptions(subscriptionIds: readonly string[]): Promise<CouponRedemption[]> {
    return this.database.query<CouponRedemption>(
      `${SELECT} WHERE r.subscription_id = ANY ($1::uuid[]) ORDER BY r.id`,
      [subscriptionIds],
    );
  }

  /** What it took off, the newest first. */
  uses(redemptionId: string): Promise<CouponUse[]> {
    return this.database.query<CouponUse>(
      `SELECT redemption_id AS "redemptionId", period_start::text AS "periodStart", amount::text, invoice_id AS "invoiceId",
         used_at AS "usedAt"
       FROM billing.coupon_uses WHERE redemption_id = $1 ORDER BY used_at DESC, schedule_no DESC, period_index DESC LIMIT 100`,
      [redemptionId],
    );
  }

  private async one(text: string, values: unknown[]): Promise<CouponRedemption | null> {
    const [row] = await this.database.query<CouponRedemption>(text, values);
    return row ?? null;
  }
}

const SELECT = `
  SELECT r.id, r.coupon_id AS "couponId", r.subscription_id AS "subscriptionId", r.terms, r.redeemed_at AS "redeemedAt",
    r.ended_at AS "endedAt", r.given_back AS "givenBack",
    (SELECT count(*) FROM billing.coupon_uses u WHERE u.redemption_id = r.id)::int AS used
  FROM billing.coupon_redemptions r`;
