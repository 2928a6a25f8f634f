import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  CurrentActor,
  Permissions,
  Public,
  PublicWithoutToken,
  SignInOptional,
} from '../../platform/access/access.js';
import { type Actor, type PersonActor, personId } from '../../platform/access/actor.js';
import { Email, Instant, Integer, Text, Uuid } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { StockNoticeReader } from './stock-notice.reader.service.js';
import { StockNotices } from './stock-notice.service.js';

export class AskForNoticeDto {
  @Email({ example: 'ada@example.test' })
  email: string;
}

export class CancelNoticeDto {
  @Text({
    max: 100,
    description: 'Of the link in the letter.',
    example: 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
  })
  token: string;
}

export class OwnNoticeDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @Uuid()
  productId: string;

  @Text({ max: 300 })
  title: string;

  @Text({ max: 300 })
  variantTitle: string;

  @Instant()
  createdAt: string;
}

export class NoticeCountDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 300 })
  title: string;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'Addresses that wait.' })
  waiting: number;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'That were told, ever.' })
  told: number;
}

@Controller('v1')
@ApiTags('Stock notices')
export class StockNoticeController {
  constructor(
    private readonly notices: StockNotices,
    private readonly reader: StockNoticeReader,
  ) {}

  @Post('variants/:id/stock-subscriptions')
  @Public()
  @SignInOptional()
  @Operation({
    id: 'askForStockNotice',
    summary: 'Asks for a letter when something is back',
    description:
      'One letter to `email` when the variant is there again (at once when it is there now), then the address is ' +
      'forgotten. A first letter says so at once, with a link that ends it in one click. Who is signed ' +
      'in finds it in `GET /v1/me/stock-subscriptions`.\n\n' +
      'Always 202, whether the address waits for it already or not; 404 for what the shop does not show, 429 for a ' +
      'network that has asked sixty times in an hour.',
    answers: { 202: null },
    problems: [platformProblems.not_found, platformProblems.too_many_requests],
  })
  async ask(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { email }: AskForNoticeDto,
    @CurrentActor() actor: Actor,
    @Req() { ip }: FastifyRequest,
  ): Promise<void> {
    await this.notices.ask(id, email, personId(actor), ip);
  }

  @Post('stock-subscriptions/cancellation')
  @PublicWithoutToken()
  @Operation({
    id: 'cancelStockNotice',
    summary: 'Ends the waiting by the link in a letter',
    description:
      'Takes the `token` of the link. No sign-in, one step. Always 204: who repeats it, or comes with a token ' +
      'that is none, learns nothing.',
    answers: { 204: null },
  })
  async cancel(@Body() { token }: CancelNoticeDto): Promise<void> {
    await this.notices.cancel(token);
  }

  @Get('me/stock-subscriptions')
  @Permissions('account:self')
  @Operation({
    id: 'listMyStockNotices',
    summary: 'Lists what I wait for',
    description: 'The newest first. What has come back is no longer there.',
    answers: { 200: PageOf(OwnNoticeDto) },
  })
  async own(
    @CurrentActor() actor: PersonActor,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<OwnNoticeDto>> {
    const { items, nextCursor } = await this.reader.own(actor.id, cursor, limit);
    return { items: items.map((one) => ({ ...one, createdAt: one.createdAt.toISOString() })), nextCursor };
  }

  @Delete('me/stock-subscriptions/:id')
  @Permissions('account:self')
  @Operation({
    id: 'cancelMyStockNotice',
    summary: 'Waits no longer',
    description: 'Takes one off my list, and forgets it. 404 when it is none of mine.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async cancelOwn(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.notices.cancelOwn(id, actor.id);
  }

  @Get('admin/stock-subscriptions')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'countStockNotices',
    summary: 'Counts who waits for what',
    description: 'By variant: how many addresses wait, and how many were told. Whose they are is not shown.',
    answers: { 200: PageOf(NoticeCountDto) },
  })
  counts(@Query() { cursor, limit }: PageQuery): Promise<Page<NoticeCountDto>> {
    return this.reader.counts(cursor, limit);
  }
}
