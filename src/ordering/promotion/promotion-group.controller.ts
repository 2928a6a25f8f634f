import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PromotionGroupDto, PromotionGroupParams, UpdatePromotionGroupDto } from './promotion.dto.js';
import { PromotionService } from './promotion.service.js';

@Controller('v1/admin/promotion-groups')
@ApiTags('Promotions')
export class PromotionGroupController {
  constructor(private readonly promotions: PromotionService) {}

  @Get()
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'listPromotionGroups',
    summary: 'Lists the groups of promotions',
    description: 'In the order in which they are applied, each with how it picks among those that match.',
    answers: { 200: PageOf(PromotionGroupDto) },
  })
  async list(): Promise<Page<PromotionGroupDto>> {
    return { items: await this.promotions.groups(), nextCursor: null };
  }

  @Patch(':group')
  @Permissions('ordering:promotion:write')
  @Operation({
    id: 'updatePromotionGroup',
    example: { mode: 'best' },
    headers: ['ETag'],
    summary: 'Says how a group picks',
    description:
      '`stack`: all that match are applied, the highest priority first, each on what is left; an exclusive one stands ' +
      'alone. `best`: only the one that gives the buyer most. For carts within a second; orders stay as they are.',
    answers: { 200: PromotionGroupDto },
    problems: [platformProblems.stale_version],
  })
  update(
    @Param() { group }: PromotionGroupParams,
    @Body() { mode }: UpdatePromotionGroupDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<PromotionGroupDto> {
    return this.promotions.setMode({ group, mode }, version, actor);
  }
}
