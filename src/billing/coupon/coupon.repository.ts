import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { foldCode, type SubscriptionCoupon } from './subscription-coupon.js';

export interface CouponFilter {
  readonly state: string | null;
  /** The beginning of a code. */
  readonly code: string | null;
}

/** Coupons for subscriptions. A coupon is locked after the subscription that takes it. */
@Injectable()
export class CouponRepository {
  constructor(private readonly database: Database) {}

  /** False when the code is taken. */
  async insert(one: SubscriptionCoupon): Promise<boolean> {
    const inserted = await this.database.execute(INSERT, [
      ...[one.id, one.code, foldCode(one.code), one.title, one.percentPpm],
      one.amounts === null ? null : JSON.stringify(one.amounts),
      ...[
        one.duration,
        one.cycles,
        one.redeemBy,
        one.planIds,
        one.maxRedemptions,
        one.maxPerCustomer,
        one.createdAt,
      ],
    ]);
    return inserted === 1;
  }

  async find(id: string): Promise<SubscriptionCoupon | null> {
    const [row] = await this.database.query<SubscriptionCoupon>(`${SELECT} WHERE c.id = $1`, [id]);
    return row ?? null;
  }

  async lock(id: string): Promise<SubscriptionCoupon | null> {
    const [row] = await this.database.query<SubscriptionCoupon>(`${SELECT} WHERE c.id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  async byCode(code: string): Promise<SubscriptionCoupon | null> {
    const [row] = await this.database.query<SubscriptionCoupon>(`${SELECT} WHERE c.code_key = $1`, [
      foldCode(code),
    ]);
    return row ?? null;
  }

  /** Under its lock. */
  async change(one: SubscriptionCoupon): Promise<void> {
    await this.database.execute(
      `UPDATE billing.coupons SET title = $2, redeem_by = $3, max_redemptions = $4, max_per_customer = $5, state = $6,
         version = version + 1
       WHERE id = $1`,
      [one.id, one.title, one.redeemBy, one.maxRedemptions, one.maxPerCustomer, one.state],
    );
  }

  /** In the caller's transaction: counts one more, where the coupon still allows it. Until its end nobody else takes it. */
  async count(id: string, now: Date): Promise<boolean> {
    const counted = await this.database.execute(
      `UPDATE billing.coupons SET redeemed = redeemed + 1
       WHERE id = $1 AND state = 'active' AND (redeem_by IS NULL OR redeem_by > $2)
         AND (max_redemptions IS NULL OR redeemed < max_redemptions)`,
      [id, now],
    );
    return counted === 1;
  }

  async giveBack(id: string): Promise<void> {
    await this.database.execute('UPDATE billing.coupons SET redeemed = redeemed - 1 WHERE id = $1', [id]);
  }

  /** A page, the newest first. */
  list({ state, code }: CouponFilter, after: string | null, limit: number): Promise<SubscriptionCoupon[]> {
    const start = code === null ? null : `${foldCode(code).replace(/[\\%_]/g, '\\$&')}%`;
    return this.database.query<SubscriptionCoupon>(
      `${SELECT} WHERE ($1::text IS NULL OR c.state = $1) AND ($2::text IS NULL OR c.code_key LIKE $2)
         AND ($3::uuid IS NULL OR c.id < $3) ORDER BY c.id DESC LIMIT $4`,
      [state, start, after, limit],
    );
  }

  /** Those of these plans that there are. */
  async plansOf(planIds: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT id FROM billing.plans WHERE id = ANY ($1::uuid[])',
      [planIds],
    );
    return rows.map(({ id }) => id);
  }
}

const SELECT = `
  SELECT c.id, c.code, c.title, c.percent_ppm AS "percentPpm", c.amounts, c.duration, c.cycles, c.redeem_by AS "redeemBy",
    c.plan_ids AS "planIds", c.max_redemptions AS "maxRedemptions", c.max_per_customer AS "maxPerCustomer", c.redeemed,
    c.state, c.version, c.created_at AS "createdAt"
  FROM billing.coupons c`;
const INSERT = `
  INSERT INTO billing.coupons (id, code, code_key, title, percent_ppm, amounts, duration, cycles, redeem_by, plan_ids,
    max_redemptions, max_per_customer, state, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'active', $13)
  ON CONFLICT ON CONSTRAINT coupons_code_key DO NOTHING`;
