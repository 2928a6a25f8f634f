import { Body, Controller, Delete, Get, Header, Ip, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, HeldByShopper, Public, SignInOptional } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { CartQuota } from '../cart/cart-quota.service.js';
import { CartParams, FilledCartDto } from '../cart/cart.dto.js';
import { cartProblems } from '../cart/cart.errors.js';
import { Shelf } from '../cart/shelf.js';
import {
  type CartShareDto,
  CartSharesDto,
  NewCartShareDto,
  ShareCartDto,
  SharedCartDto,
  SharedCartInput,
  ShareParams,
} from './shared-cart.dto.js';
import { type CartShare, type SharedCart, SharedCarts } from './shared-cart.service.js';

const DAYS = 30;

@ApiTags('Carts')
@Public()
@Controller('/v1')
export class SharedCartController {
  constructor(
    private readonly shared: SharedCarts,
    private readonly quota: CartQuota,
  ) {}

  @Post('carts/:id/share')
  @HeldByShopper()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'shareCart',
    summary: 'Show the cart to others',
    example: { days: 14 },
    description:
      'Makes a link that shows the goods of the cart as it stands when somebody looks: no e-mail, no address, no ' +
      'recipients, nothing of what was said of a line. Whoever has it may copy the goods into a cart of their own. It ends ' +
      'after `days` (30 unless told otherwise), or when it is revoked. At most 20 hold at a time.',
    answers: { 201: NewCartShareDto },
    problems: [cartProblems.cart_closed, cartProblems.too_many_shares, platformProblems.not_found],
    idempotency: 'accepted',
  })
  async share(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: ShareCartDto,
  ): Promise<NewCartShareDto> {
    const { token, url, ...share } = await this.shared.share(id, holder, body?.days ?? DAYS);
    return { ...shareView(share), token, url };
  }

  @Get('carts/:id/shares')
  @HeldByShopper()
  @Operation({
    id: 'listCartShares',
    summary: 'Links that show the cart',
    description: 'Those that hold, the newest first; what they hold is told only to whoever made them.',
    answers: { 200: CartSharesDto },
  })
  async list(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<CartSharesDto> {
    return { items: (await this.shared.list(id, holder)).map(shareView), nextCursor: null };
  }

  @Delete('carts/:id/shares/:shareId')
  @HeldByShopper()
  @Operation({
    id: 'revokeCartShare',
    summary: 'Show it no longer',
    description: 'The link opens nothing any more. Copies that were made stay with whoever made them.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async revoke(@Param() { id, shareId }: ShareParams, @CurrentHolder() holder: Holder): Promise<void> {
    await this.shared.revoke(id, shareId, holder);
  }

  @Post('shared-carts/view')
  @SignInOptional()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getSharedCart',
    summary: 'Look at a cart that somebody shows',
    description:
      'Its goods as they stand now, at the prices of whoever looks, and what could be had. The token of the link is sent in ' +
      'the body, so that it stands in no address. 404 when the link has ended.',
    answers: { 200: SharedCartDto },
    problems: [platformProblems.not_found],
  })
  async look(@Body() { token }: SharedCartInput, @CurrentActor() actor: Actor): Promise<SharedCartDto> {
    return sharedCartView(await this.shared.view(token, actor));
  }

  @Post('shared-carts/copy')
  @SignInOptional()
  @Operation({
    id: 'copySharedCart',
    summary: 'Put the same into a cart of one’s own',
    description:
      'What can be had of it, at today’s prices: into the active cart of whoever is signed in, or into a new cart, whose ' +
      '`token` a guest gets here and nowhere else. `leftOut` says what stayed out, and why.',
    answers: { 201: FilledCartDto },
    problems: [platformProblems.not_found, cartProblems.too_many_carts],
    idempotency: 'accepted-steps',
  })
  async copy(
    @Body() { token }: SharedCartInput,
    @CurrentActor() actor: Actor,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FilledCartDto> {
    await this.quota.count(actor, ip);
    void reply.header('cache-control', 'no-store');
    return this.shared.copy(token, actor);
  }
}

const shareView = ({ id, createdAt, expiresAt }: CartShare): CartShareDto => ({
  id,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});

function sharedCartView({ currency, expiresAt, lines }: SharedCart): SharedCartDto {
  const shelf = new Shelf();
  return {
    currency,
    expiresAt: expiresAt.toISOString(),
    lines: lines.map(({ line: { variantId, productId, title, sku, quantity }, variant }) => ({
      ...{ variantId, productId, quantity },
      title: variant?.title ?? title,
      sku: variant?.sku ?? sku,
      unitPrice: variant?.unitPrice.toJSON() ?? null,
      ...shelf.look(variant, quantity),
    })),
  };
}
