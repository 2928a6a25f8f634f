import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  CouponDto,
  CouponParams,
  CouponQuery,
  CouponRedemptionDto,
  CreateCouponDto,
  SubscriptionCouponDto,
  TakeCouponDto,
  UpdateCouponDto,
} from './coupon.dto.js';
import { couponProblems } from './coupon.errors.js';
import { StaffCoupons } from './staff-coupons.service.js';
import { SubscriptionCoupons } from './subscription-coupons.service.js';

const { not_found, stale_version, conflict, invalid_cursor } = platformProblems;

/** Coupons for subscriptions, for staff. */
@ApiTags('Coupons')
@Controller('v1/admin')
export class CouponAdminController {
  constructor(
    private readonly coupons: StaffCoupons,
    private readonly subscriptions: SubscriptionCoupons,
  ) {}

  @Get('coupons')
  @Permissions('billing:coupon:read')
  @Operation({
    id: 'listCoupons',
    summary: 'Lists the coupons for subscriptions',
    description: 'The newest first, by `state` or by how the code begins; archived ones too.',
    answers: { 200: PageOf(CouponDto) },
    problems: [invalid_cursor],
  })
  list(@Query() query: CouponQuery): Promise<Page<CouponDto>> {
    return this.coupons.list(query);
  }

  @Get('coupons/:id')
  @Permissions('billing:coupon:read')
  @Operation({
    id: 'getCoupon',
    headers: ['ETag'],
    summary: 'Shows a coupon',
    description: 'With how many subscriptions have, or had it. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: CouponDto },
    problems: [not_found],
  })
  get(@Param() { id }: CouponParams): Promise<CouponDto> {
    return this.coupons.get(id);
  }

  @Get('coupons/:id/redemptions')
  @Permissions('billing:coupon:read')
  @Operation({
    id: 'listCouponRedemptions',
    summary: 'Lists the subscriptions that have, or had a coupon',
    description:
      'The newest first, with what was promised to each: that holds whatever becomes of the coupon.',
    answers: { 200: PageOf(CouponRedemptionDto) },
    problems: [not_found, invalid_cursor],
  })
  takers(@Param() { id }: CouponParams, @Query() query: PageQuery): Promise<Page<CouponRedemptionDto>> {
    return this.coupons.takers(id, query);
  }

  @Post('coupons')
  @Permissions('billing:coupon:write')
  @Operation({
    id: 'createCoupon',
    location: '/v1/admin/coupons/{id}',
    headers: ['ETag'],
    summary: 'Makes a coupon for subscriptions',
    description:
      'A part of each cycle, or an amount for each currency, for one cycle, for some or for all. How often it is taken in all and ' +
      'by one customer is kept to exactly. What it takes off never changes, others are a further coupon. 409 when the code is taken.',
    example: {
      ...{
        code: 'SPRING-25',
        title: 'A quarter off in spring',
        percentPpm: 250_000,
        duration: 'repeating',
        cycles: 3,
      },
      ...{ redeemBy: '2099-06-01T00:00:00Z', maxRedemptions: 100, maxPerCustomer: 1 },
    },
    answers: { 201: CouponDto },
    problems: [conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateCouponDto, @CurrentActor() actor: Actor): Promise<CouponDto> {
    return this.coupons.create(input, actor);
  }

  @Patch('coupons/:id')
  @Permissions('billing:coupon:write')
  @Operation({
    id: 'updateCoupon',
    headers: ['ETag'],
    summary: 'Changes what a coupon is called and how often it is taken',
    description: 'Who has it keeps what was promised. A limit is never below what was taken already.',
    example: { title: 'A quarter off all summer', redeemBy: '2099-09-01T00:00:00Z', maxRedemptions: 200 },
    answers: { 200: CouponDto },
    problems: [not_found, stale_version],
  })
  update(
    @Param() { id }: CouponParams,
    @Body() input: UpdateCouponDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<CouponDto> {
    return this.coupons.update(id, input, version, actor);
  }

  @Delete('coupons/:id')
  @Permissions('billing:coupon:write')
  @Operation({
    id: 'archiveCoupon',
    summary: 'Takes a coupon out of use',
    description: 'Nobody takes it any more. Who has it keeps it for as long as it was promised.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async archive(
    @Param() { id }: CouponParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.coupons.archive(id, version, actor);
  }

  @Get('subscriptions/:id/coupon')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'getSubscriptionCoupon',
    summary: 'Shows the coupon that a subscription has',
    description: 'With the cycles that it took something off. 404 when it has none.',
    answers: { 200: SubscriptionCouponDto },
    problems: [not_found],
  })
  present(@Param() { id }: CouponParams): Promise<SubscriptionCouponDto> {
    return this.subscriptions.get(id, null);
  }

  @Put('subscriptions/:id/coupon')
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'giveSubscriptionCoupon',
    summary: 'Gives a coupon to a subscription',
    description:
      'From its next cycle on. One at a time: 409 where there is another; the same one again changes nothing, and one that took ' +
      'something off before is not taken anew: 422.',
    answers: { 200: SubscriptionCouponDto },
    problems: [
      not_found,
      couponProblems.coupon_not_valid,
      couponProblems.coupon_present,
      couponProblems.coupon_late,
    ],
  })
  take(
    @Param() { id }: CouponParams,
    @Body() { code }: TakeCouponDto,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionCouponDto> {
    return this.subscriptions.take(id, code, null, actor);
  }

  @Delete('subscriptions/:id/coupon')
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'removeSubscriptionCoupon',
    summary: 'Takes the coupon off a subscription',
    description:
      'What it took off stays. When it has taken off nothing yet, the coupon can be taken once more.',
    answers: { 204: null },
    problems: [not_found],
  })
  async remove(@Param() { id }: CouponParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.subscriptions.remove(id, null, actor);
  }
}
