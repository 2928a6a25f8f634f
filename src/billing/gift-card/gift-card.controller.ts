import { Body, Controller, Header, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../../platform/access/access.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GiftCardBalanceDto, GiftCardCodeDto } from './gift-card.dto.js';
import { GiftCards } from './gift-cards.service.js';

/** Codes that one network may ask about in a quarter of an hour. */
const ASKED = { free: 30, windowSeconds: 900 };

@ApiTags('Gift cards')
@Controller('v1/gift-cards')
export class GiftCardController {
  constructor(
    private readonly cards: GiftCards,
    private readonly identity: IdentityApi,
  ) {}

  @Post('balance')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getGiftCardBalance',
    summary: 'Tells what is left on a gift card',
    description:
      'For whoever has its code, which is sent in the body so that it stands in no address. 404 for a code that is ' +
      'none; 429 for who asks about too many.',
    answers: { 200: GiftCardBalanceDto },
    problems: [platformProblems.not_found, platformProblems.too_many_requests],
  })
  async balance(@Body() { code }: GiftCardCodeDto, @Ip() ip: string): Promise<GiftCardBalanceDto> {
    const wait = await this.identity.countAttempt('gift-cards', ip, ASKED);
    if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
    const card = await this.cards.byCode(code);
    if (card === null) throw platformProblems.not_found();
    return { last4: card.last4, state: card.state, balance: card.balance.toJSON() };
  }
}
