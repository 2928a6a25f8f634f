import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CouponParams, SubscriptionCouponDto, TakeCouponDto } from './coupon.dto.js';
import { couponProblems } from './coupon.errors.js';
import { SubscriptionCoupons } from './subscription-coupons.service.js';

const { not_found, too_many_requests } = platformProblems;

@ApiTags('Coupons')
@Controller('v1/me/subscriptions')
@Permissions('account:self')
export class MyCouponController {
  constructor(private readonly coupons: SubscriptionCoupons) {}

  @Get(':id/coupon')
  @Operation({
    id: 'getMySubscriptionCoupon',
    summary: 'Shows the coupon that my subscription has',
    description: 'With the cycles that it took something off. 404 when it has none.',
    answers: { 200: SubscriptionCouponDto },
    problems: [not_found],
  })
  get(@Param() { id }: CouponParams, @CurrentActor() actor: PersonActor): Promise<SubscriptionCouponDto> {
    return this.coupons.get(id, actor.id);
  }

  @Put(':id/coupon')
  @InPerson()
  @Operation({
    id: 'takeCoupon',
    summary: 'Takes a coupon for my subscription',
    description:
      'From its next cycle on. One at a time: 409 where there is another; the same one again changes nothing, and one that took ' +
      'something off before is not taken anew: 422. 429 for who has tried too many wrong codes.',
    answers: { 200: SubscriptionCouponDto },
    problems: [
      ...[not_found, too_many_requests],
      ...[couponProblems.coupon_not_valid, couponProblems.coupon_present, couponProblems.coupon_late],
    ],
  })
  take(
    @Param() { id }: CouponParams,
    @Body() { code }: TakeCouponDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<SubscriptionCouponDto> {
    return this.coupons.take(id, code, actor.id, actor);
  }

  @Delete(':id/coupon')
  @InPerson()
  @Operation({
    id: 'dropCoupon',
    summary: 'Takes the coupon off my subscription',
    description:
      'What it took off stays. When it has taken off nothing yet, the coupon can be taken once more.',
    answers: { 204: null },
    problems: [not_found],
  })
  async remove(@Param() { id }: CouponParams, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.coupons.remove(id, actor.id, actor);
  }
}
