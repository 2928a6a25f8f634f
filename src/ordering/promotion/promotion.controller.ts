import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  CreatePromotionDto,
  PromotionDto,
  PromotionParams,
  PromotionQuery,
  RedemptionDto,
  RedemptionQuery,
  UpdatePromotionDto,
} from './promotion.dto.js';
import { PromotionService } from './promotion.service.js';
import { redemptionView, promotionView } from './promotion.view.js';

const { not_found, stale_version } = platformProblems;

@Controller('v1/admin/promotions')
@ApiTags('Promotions')
@Permissions('ordering:promotion:write')
export class PromotionController {
  constructor(
    private readonly promotions: PromotionService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'listPromotions',
    summary: 'Lists promotions, the newest first',
    description: 'By `status`, `group`, `trigger` or a part of the title; without those that are archived.',
    answers: { 200: PageOf(PromotionDto) },
  })
  async list(@Query() query: PromotionQuery): Promise<Page<PromotionDto>> {
    const { status = null, group = null, trigger = null, q = null, cursor, limit } = query;
    const name = `promotions:${status}:${group}:${trigger}:${q}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.promotions.list({ status, group, trigger, q }, after as string | null, limit + 1);
    return this.cursors.page(name, rows.map(promotionView), limit, ({ id }) => [id]);
  }

  @Post()
  @Operation({
    id: 'createPromotion',
    location: '/v1/admin/promotions/{id}',
    example: {
      title: 'Ten off the summer',
      group: 'order',
      trigger: 'code',
      effect: { type: 'percent', ppm: 100_000 },
      conditions: [{ type: 'subtotal', min: { amount: 5000, currency: 'EUR' } }],
      status: 'active',
      limitPerCustomer: 1,
      budget: { amount: 500_000, currency: 'EUR' },
    },
    headers: ['ETag'],
    summary: 'Makes a promotion',
    description:
      'What it does (`effect`) when all of its `conditions` hold. Its group says what it takes from: single lines, the ' +
      'goods as a whole on what those have left, the shipping. Rates are parts per million, amounts minor units. It begins ' +
      'and ends by the clock alone. Limits and budget count orders that wait for their money, and give back what comes to ' +
      'nothing. An automatic one on single lines that needs nothing but the goods (percent, an amount off each piece or a ' +
      'fixed price; no condition but products, categories, collections or customer groups; no limit) is shown on the pages ' +
      'of products: `variants[].promotion`. One with the trigger `code` needs codes: `POST /v1/admin/promotions/{id}/codes`.',
    answers: { 201: PromotionDto },
    idempotency: 'accepted',
  })
  async create(@Body() input: CreatePromotionDto, @CurrentActor() actor: Actor): Promise<PromotionDto> {
    return promotionView(await this.promotions.create(input, actor));
  }

  @Get(':id')
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'getPromotion',
    headers: ['ETag'],
    summary: 'Shows a promotion',
    description:
      'With what it was used for so far, to the order. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: PromotionDto },
    problems: [not_found],
  })
  async get(@Param() { id }: PromotionParams): Promise<PromotionDto> {
    return promotionView(await this.promotions.get(id));
  }

  @Patch(':id')
  @Operation({
    id: 'updatePromotion',
    example: { title: 'Ten off, until autumn', status: 'paused', endsAt: '2027-09-30T22:00:00.000Z' },
    headers: ['ETag'],
    summary: 'Changes a promotion',
    description:
      'What is left out stays; null takes a limit, the budget or a bound of the window away; `conditions` and `effect` are ' +
      'replaced as a whole. Group and trigger stay. Carts see it within a second; orders keep what they were placed with. ' +
      'A limit below what is used already lets nobody more use it. 404 for one that is archived.',
    answers: { 200: PromotionDto },
    problems: [not_found, stale_version],
  })
  async update(
    @Param() { id }: PromotionParams,
    @Body() input: UpdatePromotionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<PromotionDto> {
    return promotionView(await this.promotions.update(id, input, version, actor));
  }

  @Delete(':id')
  @Operation({
    id: 'archivePromotion',
    summary: 'Ends a promotion for good',
    description:
      'It and its codes apply to nothing more. It stays readable, with what it was used for; its codes stay taken.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async archive(
    @Param() { id }: PromotionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.promotions.archive(id, version, actor);
  }

  @Get(':id/redemptions')
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'listRedemptions',
    summary: 'Lists the orders that used a promotion',
    description:
      'The newest first. A use is `held` while the order waits for its money, `kept` when it was placed, and ' +
      '`released` when it came to nothing.',
    answers: { 200: PageOf(RedemptionDto) },
    problems: [not_found],
  })
  async redemptions(
    @Param() { id }: PromotionParams,
    @Query() query: RedemptionQuery,
  ): Promise<Page<RedemptionDto>> {
    const { state = null, cursor, limit } = query;
    const name = `redemptions:${id}:${state}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.promotions.redemptions(id, state, after as string | null, limit + 1);
    return this.cursors.page(name, rows.map(redemptionView), limit, ({ orderId }) => [orderId]);
  }
}
