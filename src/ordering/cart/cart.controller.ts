import { Body, Controller, Delete, Get, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Public } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, HeldByShopper, type Holder } from './cart.access.js';
import {
  CartDto,
  CartExplanationDto,
  CartLineInput,
  CartLineParams,
  CartParams,
  CreateCartDto,
  QuantityInput,
  ReadinessDto,
  ShippingOffersDto,
  UpdateCartDto,
} from './cart.dto.js';
import { cartProblems } from './cart.errors.js';
import { type AssessedCart, CartService } from './cart.service.js';
import { cartView, explanationView, offersView, readinessView } from './cart.view.js';

const changing = [cartProblems.cart_closed, platformProblems.not_found, platformProblems.stale_version];

@ApiTags('Carts')
@HeldByShopper()
@Public()
@Controller('/v1/carts')
export class CartController {
  constructor(private readonly carts: CartService) {}

  /** With lines and e-mail at once, if you like. The token in the answer is told only here. */
  @Post()
  @Operation({
    id: 'createCart',
    example: {
      currency: 'EUR',
      email: 'ada@example.test',
      lines: [{ variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 2 }],
    },
    headers: ['ETag', 'Location'],
    summary: 'Make a cart',
    answers: { 201: CartDto },
    problems: [cartProblems.variant_unavailable, cartProblems.too_many_lines],
    idempotency: 'accepted',
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body() body: CreateCartDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    const { token, ...made } = await this.carts.create(actor, body);
    void reply.header('cache-control', 'no-store').header('location', `/v1/carts/${made.cart.id}`);
    const { id, ...rest } = tagged(reply, made);
    return { id, token, ...rest };
  }

  /** With today's prices, shipping and tax. */
  @Get('/:id')
  @Operation({ id: 'getCart', headers: ['ETag'], summary: 'Read a cart', answers: { 200: CartDto } })
  async get(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return tagged(reply, await this.carts.get(id, holder));
  }

  @Patch('/:id')
  @Operation({
    id: 'updateCart',
    example: {
      email: 'ada@example.test',
      shippingAddress: {
        firstName: 'Ada',
        lastName: 'Byron',
        line1: 'Unter den Linden 1',
        city: 'Berlin',
        postalCode: '10117',
        country: 'DE',
      },
    },
    headers: ['ETag'],
    summary: 'Change e-mail, addresses or shipping',
    answers: { 200: CartDto },
    problems: [...changing, cartProblems.unknown_promotion_code, cartProblems.unknown_shipping_option],
  })
  async update(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: UpdateCartDto,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return tagged(reply, await this.carts.update(id, holder, body, version));
  }

  /** A variant that is in the cart already gets more of it. */
  @Post('/:id/lines')
  @Operation({
    id: 'addCartLine',
    headers: ['ETag'],
    summary: 'Put something in',
    answers: { 201: CartDto },
    problems: [...changing, cartProblems.variant_unavailable, cartProblems.too_many_lines],
    idempotency: 'accepted',
  })
  async addLine(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: CartLineInput,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return tagged(reply, await this.carts.addLine(id, holder, body, version));
  }

  @Patch('/:id/lines/:lineId')
  @Operation({
    id: 'updateCartLine',
    example: { quantity: 3 },
    headers: ['ETag'],
    summary: 'Take more or fewer',
    answers: { 200: CartDto },
    problems: changing,
  })
  async setQuantity(
    @Param() { id, lineId }: CartLineParams,
    @CurrentHolder() holder: Holder,
    @Body() { quantity }: QuantityInput,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return tagged(reply, await this.carts.setQuantity(id, lineId, holder, quantity, version));
  }

  /** Answers the cart without it. */
  @Delete('/:id/lines/:lineId')
  @Operation({
    id: 'removeCartLine',
    headers: ['ETag'],
    summary: 'Take out',
    answers: { 200: CartDto },
    problems: changing,
  })
  async removeLine(
    @Param() { id, lineId }: CartLineParams,
    @CurrentHolder() holder: Holder,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return tagged(reply, await this.carts.setQuantity(id, lineId, holder, 0, version));
  }

  /** For the address of the cart, the cheapest first. Without an address there are none. */
  @Get('/:id/shipping-options')
  @Operation({
    id: 'listCartShippingOptions',
    summary: 'What can carry the cart',
    answers: { 200: ShippingOffersDto },
  })
  async offers(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<ShippingOffersDto> {
    return offersView((await this.carts.get(id, holder)).assessment);
  }

  /** The very judgement that guards the checkout: what is in the way, and what to do about it. */
  @Get('/:id/readiness')
  @Operation({
    id: 'getCartReadiness',
    summary: 'Can it be ordered?',
    answers: { 200: ReadinessDto },
  })
  async readiness(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<ReadinessDto> {
    return readinessView((await this.carts.get(id, holder)).assessment);
  }

  /** How the totals came about: each line, the choice of shipping, each tax category. */
  @Get('/:id/explain')
  @Operation({ id: 'explainCart', summary: 'Why this total?', answers: { 200: CartExplanationDto } })
  async explain(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<CartExplanationDto> {
    return explanationView((await this.carts.get(id, holder)).assessment);
  }
}

function tagged(reply: FastifyReply, { cart, assessment }: AssessedCart): CartDto {
  void reply.header('etag', etagOfVersion(cart.version));
  return cartView(cart, assessment);
}
