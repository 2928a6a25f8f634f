import { Body, Controller, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ModerationService } from './moderation.service.js';
import {
  AdminReviewDto,
  AdminReviewQuery,
  DecideReviewDto,
  ReplyToReviewDto,
  ReviewParams,
} from './review.dto.js';
import { ReviewReader } from './review.reader.service.js';

const { not_found, stale_version } = platformProblems;

@Controller('v1/admin/reviews')
@ApiTags('Reviews')
export class AdminReviewController {
  constructor(
    private readonly reader: ReviewReader,
    private readonly moderation: ModerationService,
  ) {}

  @Get()
  @Permissions('catalog:review:read')
  @Operation({
    id: 'listReviews',
    summary: 'Lists the reviews',
    description: 'The newest first, by status, product, stars and whether their authors bought the product.',
    answers: { 200: PageOf(AdminReviewDto) },
  })
  list(@Query() query: AdminReviewQuery): Promise<Page<AdminReviewDto>> {
    return this.reader.list(query);
  }

  @Get(':id')
  @Permissions('catalog:review:read')
  @Operation({
    id: 'getReview',
    headers: ['ETag'],
    summary: 'Shows a review',
    description:
      'The `ETag` goes into `If-Match` of a decision, so that what is decided on is what was read.',
    answers: { 200: AdminReviewDto },
    problems: [not_found],
  })
  get(@Param() { id }: ReviewParams): Promise<AdminReviewDto> {
    return this.reader.one(id);
  }

  @Post(':id/decision')
  @Permissions('catalog:review:moderate')
  @Operation({
    id: 'decideReview',
    headers: ['ETag'],
    example: { decision: 'published' },
    summary: 'Publishes or rejects a review',
    description:
      '`published` shows it from now on and counts its stars; `rejected` needs a `reason`, which its author reads. Either ' +
      'takes the other back. Send the version that was read in `If-Match`: 412 when its author has changed it meanwhile.',
    answers: { 200: AdminReviewDto },
    problems: [not_found, stale_version],
    idempotency: 'accepted',
  })
  decide(
    @Param() { id }: ReviewParams,
    @Body() input: DecideReviewDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminReviewDto> {
    return this.moderation.decide(id, input, version, actor);
  }

  @Put(':id/reply')
  @Permissions('catalog:review:moderate')
  @Operation({
    id: 'replyToReview',
    headers: ['ETag'],
    summary: 'Answers a review in the name of the shop',
    description:
      'Everybody reads it below the review as long as that is published. One reply: another one replaces it, null takes it ' +
      'away. It stays when the author changes the review.',
    answers: { 200: AdminReviewDto },
    problems: [not_found, stale_version],
  })
  reply(
    @Param() { id }: ReviewParams,
    @Body() input: ReplyToReviewDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminReviewDto> {
    return this.moderation.reply(id, input, version, actor);
  }
}
