import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CreateFeedDto, FeedAddressDto, FeedDto } from './feed.dto.js';
import { FeedService } from './feed.service.js';

@ApiTags('Feeds')
@Controller('v1/admin/feeds')
export class FeedController {
  constructor(
    private readonly feeds: FeedService,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'createFeed',
    summary: 'Makes a feed for Google Merchant',
    description:
      'Answers its `url`, once: give it to Google Merchant as a file that is fetched. Its file is made now and ' +
      'every hour; until the first is there the address answers 503.',
    answers: { 201: FeedAddressDto },
    idempotency: 'accepted',
  })
  create(@Body() input: CreateFeedDto, @CurrentActor() actor: Actor): Promise<FeedAddressDto> {
    return this.feeds.create(input, actor);
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listFeeds',
    summary: 'Lists feeds, the newest first',
    description:
      'With the moment of their present file and how many items it has. Their addresses are not shown.',
    answers: { 200: PageOf(FeedDto) },
  })
  async list(@Query() { cursor, limit }: PageQuery): Promise<Page<FeedDto>> {
    const [after = null] = this.cursors.decode('feeds', cursor) ?? [];
    const rows = await this.feeds.list(after as string | null, limit + 1);
    return this.cursors.page('feeds', rows, limit, ({ id }) => [id]);
  }

  @Post(':id/token')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'rotateFeedToken',
    summary: 'Gives a feed another address',
    description: 'Answers the new `url`, once. The one before is unknown from now on.',
    answers: { 200: FeedAddressDto },
    problems: [platformProblems.not_found],
  })
  rotate(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<FeedAddressDto> {
    return this.feeds.rotate(id, actor);
  }

  @Delete(':id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'deleteFeed',
    summary: 'Deletes a feed',
    description: 'Its address is unknown from now on.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async delete(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.feeds.delete(id, actor);
  }
}
