import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  CancelGiftCardDto,
  GiftCardDetailDto,
  GiftCardDto,
  GiftCardParams,
  GiftCardQuery,
  IssueGiftCardDto,
} from './gift-card.dto.js';
import { giftCardProblems } from './gift-card.errors.js';
import { StaffGiftCards } from './staff-gift-cards.service.js';

/** Gift cards, for staff. */
@ApiTags('Gift cards')
@Controller('v1/admin/gift-cards')
@Permissions('billing:gift-card:write')
export class GiftCardAdminController {
  constructor(private readonly cards: StaffGiftCards) {}

  @Get()
  @Permissions('billing:payment:read')
  @Operation({
    id: 'listGiftCards',
    summary: 'Lists gift cards, the newest first',
    description: 'By the last four signs of the code, by `state` or by the order that bought them.',
    answers: { 200: PageOf(GiftCardDto) },
  })
  list(@Query() query: GiftCardQuery): Promise<Page<GiftCardDto>> {
    return this.cards.list(query);
  }

  @Get(':id')
  @Permissions('billing:payment:read')
  @Operation({
    id: 'getGiftCard',
    summary: 'Shows a gift card',
    description: 'With everything that its balance went through.',
    answers: { 200: GiftCardDetailDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: GiftCardParams): Promise<GiftCardDetailDto> {
    return this.cards.get(id);
  }

  @Post()
  @Operation({
    id: 'issueGiftCard',
    location: '/v1/admin/gift-cards/{id}',
    summary: 'Gives a gift card away',
    description:
      'For a reason, and without a payment: it stands in the books as an expense. The code goes to the recipient by ' +
      'mail, and to nobody else.',
    answers: { 201: GiftCardDetailDto },
    idempotency: 'accepted',
  })
  issue(@Body() input: IssueGiftCardDto, @CurrentActor() actor: Actor): Promise<GiftCardDetailDto> {
    return this.cards.issue(input, actor);
  }

  @Post(':id/cancellation')
  @Operation({
    id: 'cancelGiftCard',
    summary: 'Takes back what is left on a gift card',
    description:
      'Its code is worth nothing from then on. No money moves: what was paid for the card can be refunded afterwards, ' +
      '`POST /v1/admin/payments/{id}/refunds`. 409 when nothing is left on it.',
    answers: { 201: GiftCardDetailDto },
    problems: [platformProblems.not_found, giftCardProblems.gift_card_ended],
    idempotency: 'accepted',
  })
  cancel(
    @Param() { id }: GiftCardParams,
    @Body() { reason }: CancelGiftCardDto,
    @CurrentActor() actor: Actor,
  ): Promise<GiftCardDetailDto> {
    return this.cards.cancel(id, reason, actor);
  }
}
