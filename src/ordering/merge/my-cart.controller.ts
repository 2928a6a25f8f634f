import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { CurrencyCode, Text, Uuid } from '../../platform/http/fields.js';
import { etagOfVersion } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CartDto, FilledCartDto } from '../cart/cart.dto.js';
import { cartProblems } from '../cart/cart.errors.js';
import { CartReader } from '../cart/cart-reader.service.js';
import { cartView, filledCartView } from '../cart/cart.view.js';
import { CartMergeService } from './cart-merge.service.js';

export class MyCartQuery {
  @CurrencyCode({ description: 'A customer has one active cart in each currency.' })
  currency: string;
}

export class MergeCartDto {
  @Uuid({ description: 'The cart of the guest.' })
  cartId: string;

  @Text({ max: 200, description: 'Its token.', example: 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p' })
  token: string;
}

@ApiTags('Carts')
@Controller('/v1/me')
export class MyCartController {
  constructor(
    private readonly carts: CartReader,
    private readonly merges: CartMergeService,
  ) {}

  @Get('cart')
  @Permissions('account:self')
  @Operation({
    id: 'getMyCart',
    headers: ['ETag'],
    summary: 'My active cart',
    description:
      'The one that every device of the customer shares, in this currency; 404 when there is none. It is the answer of ' +
      '`GET /v1/carts/{id}`, and everything about it goes on there.',
    answers: { 200: CartDto },
    problems: [platformProblems.not_found],
  })
  async mine(
    @CurrentActor() actor: PersonActor,
    @Query() { currency }: MyCartQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    const { cart, assessment } = await this.carts.active(actor, currency);
    void reply.header('etag', etagOfVersion(cart.version));
    return cartView(cart, assessment);
  }

  @Post('carts/merge')
  @InPerson()
  @Permissions('account:self')
  @Operation({
    id: 'mergeMyCart',
    summary: 'Take a guest’s cart along',
    description:
      'After signing in: the lines of the guest’s cart go beside those of the customer’s active cart in its currency, ' +
      'quantities are added, and addresses of the customer’s cart stay. Without an active cart the guest’s becomes it. ' +
      'Afterwards the token opens nothing any more.\n\n' +
      'No limit is passed: `leftOut` says of what fewer pieces were taken, and why. Asked again, or by several tabs at ' +
      'once, it answers the same and adds nothing. 404 unless `token` is that of the cart; 409 `ordering.cart_closed` ' +
      'when an order was written from it.',
    answers: { 200: FilledCartDto },
    problems: [cartProblems.cart_closed, platformProblems.not_found],
  })
  async merge(
    @CurrentActor() actor: PersonActor,
    @Body() { cartId, token }: MergeCartDto,
  ): Promise<FilledCartDto> {
    return filledCartView(await this.merges.merge(actor, cartId, token));
  }
}
