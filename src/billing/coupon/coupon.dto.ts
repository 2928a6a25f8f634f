import {
  Bool,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  OneOf,
  Text,
  Uuid,
  UuidList,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { Money } from '../../platform/money/money.js';
import type { Coupon } from '../subscription/coupon.js';
import type { CouponUse } from './coupon-redemption.repository.js';
import {
  COUPON_DURATIONS,
  COUPON_STATES,
  type CouponRedemption,
  type SubscriptionCoupon,
} from './subscription-coupon.js';

const MOST = 2 ** 31 - 1;
const CODE = {
  ...{ max: 60, pattern: /^[\p{L}\p{N}]([\p{L}\p{N}_-]*[\p{L}\p{N}])?$/u, example: 'SPRING-25' },
  patternHint: 'must be letters and digits, with hyphens inside',
};
const PPM = { min: 1, max: 1_000_000, optional: true, nullable: true, example: 250_000 };
const DURATION = {
  example: 'repeating',
  description:
    '`once`: the next cycle; `repeating`: the next `cycles`; `forever`: each. A free trial is none of them.',
};

export class CouponParams {
  @Uuid()
  id: string;
}

export class CouponQuery extends PageQuery {
  @OneOf(COUPON_STATES, { optional: true })
  state?: SubscriptionCoupon['state'];

  @Text({ max: 60, optional: true, description: 'How the code begins, however it is written.' })
  code?: string;
}

class CouponTermsDto {
  @Text({ max: 100, example: 'A quarter off in spring' })
  title: string;

  @Instant({ optional: true, nullable: true, description: 'Taken before it; what was taken goes on.' })
  redeemBy?: string | null;

  @Integer({
    min: 1,
    max: MOST,
    optional: true,
    nullable: true,
    example: 100,
    description: 'Subscriptions in all.',
  })
  maxRedemptions?: number | null;

  @Integer({
    min: 1,
    max: MOST,
    optional: true,
    nullable: true,
    example: 1,
    description: 'Subscriptions of one customer.',
  })
  maxPerCustomer?: number | null;
}

export class CreateCouponDto extends CouponTermsDto {
  @Text({ ...CODE, description: 'However it is written, it is the same code.' })
  code: string;

  @Integer({ ...PPM, description: 'Millionths off: 25 % is 250000. It, or `amounts`.' })
  percentPpm?: number | null;

  @ListOf(() => MoneyDto, {
    ...{ min: 1, max: 50, optional: true, nullable: true, uniqueBy: 'currency' },
    description: 'Off a whole cycle, one for each currency; never more than it costs.',
  })
  amounts?: MoneyDto[] | null;

  @OneOf(COUPON_DURATIONS, DURATION)
  duration: Coupon['duration'];

  @Integer({
    min: 1,
    max: 1_200,
    optional: true,
    nullable: true,
    example: 3,
    description: 'Where it repeats.',
  })
  cycles?: number | null;

  @UuidList({
    max: 100,
    optional: true,
    nullable: true,
    description: 'The plans that it is for; null: all.',
    example: null,
  })
  planIds?: string[] | null;
}

export class UpdateCouponDto {
  @Text({ max: 100, optional: true, example: 'A quarter off in spring' })
  title?: string;

  @Instant({ optional: true, nullable: true })
  redeemBy?: string | null;

  @Integer({ min: 1, max: MOST, optional: true, nullable: true, example: 200 })
  maxRedemptions?: number | null;

  @Integer({ min: 1, max: MOST, optional: true, nullable: true, example: 1 })
  maxPerCustomer?: number | null;
}

export class CouponDto {
  @Uuid()
  id: string;

  @Text({ ...CODE })
  code: string;

  @Text({ max: 100, example: 'A quarter off in spring' })
  title: string;

  @Integer({ min: 1, max: 1_000_000, nullable: true, example: 250_000 })
  percentPpm: number | null;

  @ListOf(() => MoneyDto, { max: 50, nullable: true })
  amounts: MoneyDto[] | null;

  @OneOf(COUPON_DURATIONS, DURATION)
  duration: Coupon['duration'];

  @Integer({ min: 1, max: 1_200, nullable: true, example: 3 })
  cycles: number | null;

  @UuidList({ max: 100, nullable: true, example: null })
  planIds: string[] | null;

  @Instant({ nullable: true })
  redeemBy: string | null;

  @Integer({ min: 1, max: MOST, nullable: true, example: 100 })
  maxRedemptions: number | null;

  @Integer({ min: 1, max: MOST, nullable: true, example: 1 })
  maxPerCustomer: number | null;

  @Integer({ min: 0, max: MOST, example: 0, description: 'Subscriptions that have, or had it.' })
  redeemed: number;

  @OneOf(COUPON_STATES, {
    example: 'active',
    description: '`archived`: nobody takes it any more; who has it keeps it.',
  })
  state: SubscriptionCoupon['state'];

  @Integer({ min: 1, max: MOST, example: 1 })
  version: number;

  @Instant()
  createdAt: string;

  static from({ amounts, planIds, redeemBy, createdAt, ...coupon }: SubscriptionCoupon): CouponDto {
    return {
      ...coupon,
      amounts: amounts && [...amounts],
      planIds: planIds && [...planIds],
      redeemBy: redeemBy?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
    };
  }
}

/** A coupon that a subscription has. */
export class CouponRedemptionDto {
  @Uuid()
  id: string;

  @Uuid()
  couponId: string;

  @Uuid()
  subscriptionId: string;

  @Text({ ...CODE })
  code: string;

  @Text({ max: 100, example: 'A quarter off in spring' })
  title: string;

  @Integer({ min: 1, max: 1_000_000, nullable: true, example: 250_000 })
  percentPpm: number | null;

  @MoneyField({ nullable: true, description: 'Off a whole cycle, when it is no part of it.' })
  amount: MoneyDto | null;

  @OneOf(COUPON_DURATIONS, DURATION)
  duration: Coupon['duration'];

  @Integer({ min: 1, max: 1_200, nullable: true, example: 3 })
  cycles: number | null;

  @Integer({ min: 0, max: MOST, example: 1, description: 'Cycles that it took something off.' })
  cyclesUsed: number;

  @Instant()
  redeemedAt: string;

  @Instant({ nullable: true })
  endedAt: string | null;

  @Bool({ description: 'It took nothing off, or the subscription never began: the coupon has it back.' })
  givenBack: boolean;

  static from({ terms, used, redeemedAt, endedAt, ...redemption }: CouponRedemption): CouponRedemptionDto {
    const { id, couponId, subscriptionId, givenBack } = redemption;
    const { code, title, effect, duration, cycles } = terms;
    return {
      ...{ id, couponId, subscriptionId, code, title, duration, cycles, cyclesUsed: used, givenBack },
      percentPpm: effect.type === 'percent' ? effect.ppm : null,
      amount: effect.type === 'amount' ? effect.money : null,
      redeemedAt: redeemedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    };
  }
}

export class CouponUseDto {
  @Text({ max: 10, example: '2027-01-01', description: 'The first day of the cycle.' })
  periodStart: string;

  @MoneyField({ description: 'What it took off.' })
  amount: MoneyDto;

  @Uuid({ nullable: true })
  invoiceId: string | null;
}

export class SubscriptionCouponDto extends CouponRedemptionDto {
  @ListOf(() => CouponUseDto, {
    max: 100,
    description: 'The cycles that it took something off, the newest first.',
  })
  uses: CouponUseDto[];

  static detail(
    redemption: CouponRedemption,
    uses: readonly CouponUse[],
    currency: string,
  ): SubscriptionCouponDto {
    return {
      ...CouponRedemptionDto.from(redemption),
      uses: uses.map(({ periodStart, amount, invoiceId }) => ({
        ...{ periodStart, invoiceId },
        amount: Money.of(BigInt(amount), currency).toJSON(),
      })),
    };
  }
}

export class TakeCouponDto {
  @Text({ max: 60, example: 'SPRING-25', description: 'However it is written.' })
  code: string;
}
