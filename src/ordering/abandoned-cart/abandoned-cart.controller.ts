import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions, PublicWithoutToken } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CartListQuery, CartSummaryDto, StopRemindersDto } from './abandoned-cart.dto.js';
import { AbandonedCarts } from './abandoned-cart.service.js';
import { Reminders } from './reminder.service.js';

@ApiTags('Carts')
@Controller('/v1')
export class AbandonedCartController {
  constructor(
    private readonly carts: AbandonedCarts,
    private readonly reminders: Reminders,
  ) {}

  @Get('admin/carts')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listCarts',
    summary: 'Find carts',
    description:
      'Those that were changed last come first. `abandoned=true` is what was left behind: active, with something in it, and ' +
      'untouched for as long as the first reminder waits (`CART_REMINDER_HOURS` of the store). Carts of guests that nobody ' +
      'touches go after `CART_GUEST_DAYS`, those of customers after `CART_CUSTOMER_DAYS`.',
    answers: { 200: PageOf(CartSummaryDto) },
  })
  list(@Query() query: CartListQuery): Promise<Page<CartSummaryDto>> {
    return this.carts.search(query);
  }

  @Post('cart-reminders/withdrawal')
  @PublicWithoutToken()
  @Operation({
    id: 'stopCartReminders',
    summary: 'No more letters about carts',
    description:
      'Takes the token of the link that every such letter carries. It holds for the customer, or for the address of the guest. ' +
      'No sign-in, one step, and it works as often as it is tried. Whoever asks to be reminded of a cart again (`remindMe`) ' +
      'is reminded of that one.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async stop(@Body() { token }: StopRemindersDto): Promise<void> {
    if (!(await this.reminders.stop(token))) throw platformProblems.not_found();
  }
}
