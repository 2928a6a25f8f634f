import { Body, Controller, Delete, Get, Ip, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, HeldByShopper, Public, SignInOptional } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { AnswersAfter } from '../../platform/http/answers-after.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from './cart.access.js';
import {
  CartDto,
  CartExplanationDto,
  CartLineInput,
  CartLineParams,
  CartParams,
  CreateCartDto,
  QuantityInput,
  ReadinessDto,
  UpdateCartDto,
} from './cart.dto.js';
import { cartProblems } from './cart.errors.js';
import { CartOpening } from './cart-opening.service.js';
import { CartQuota } from './cart-quota.service.js';
import { type AssessedCart, CartReader } from './cart-reader.service.js';
import { CartService } from './cart.service.js';
import { cartView, explanationView, readinessView } from './cart.view.js';

const changing = [cartProblems.cart_closed, platformProblems.not_found, platformProblems.stale_version];

@ApiTags('Carts')
@Public()
@Controller('/v1/carts')
export class CartController {
  constructor(
    private readonly carts: CartService,
    private readonly reader: CartReader,
    private readonly opening: CartOpening,
    private readonly quota: CartQuota,
    private readonly answers: AnswersAfter,
  ) {}

  @Post()
  @SignInOptional()
  @Operation({
    id: 'createCart',
    location: '/v1/carts/{id}',
    example: {
      currency: 'EUR',
      email: 'ada@example.test',
      lines: [{ variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 2 }],
    },
    headers: ['ETag'],
    summary: 'Make a cart',
    description:
      'With lines and e-mail at once, if you like. The currency stays; amounts are in its minor units. A ' +
      'guest gets a `token`, told only here: send it as `X-Cart-Token` with everything about this cart, ' +
      'its order and its payments. The cart of a customer opens by signing in and has no token.\n\n' +
      'A customer has one active cart in a currency, on every device (`GET /v1/me/cart`). When there is one, ' +
      'what is sent is put into it, and the answer is 200 instead of 201. 429 when the network of a guest has ' +
      'made too many.\n\n' +
      'Nothing is held for a cart: prices are today’s at each reading and stock is held by the checkout. ' +
      'Next: an address with `PATCH /v1/carts/{id}`, then `POST /v1/carts/{id}/checkout`.',
    answers: { 200: CartDto, 201: CartDto },
    problems: [
      cartProblems.variant_unavailable,
      cartProblems.too_many_lines,
      cartProblems.quantity_limited,
      cartProblems.too_many_carts,
    ],
    idempotency: 'accepted-steps',
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body() body: CreateCartDto,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    await this.quota.count(actor, ip);
    void reply.header('cache-control', 'no-store');
    const shown = (token: string | null, cart: AssessedCart): CartDto => {
      const { id, ...rest } = tagged(reply, cart);
      return { id, token, ...rest };
    };
    return this.answers.give<{ id: string; changed: boolean }, CartDto>({
      status: 201,
      readStatus: 200,
      write: async () => {
        const { id, token, fresh, changed } = await this.opening.open(actor, body);
        void reply.code(201);
        return fresh ? { answer: shown(token, fresh) } : { state: { id, changed } };
      },
      read: async ({ id, changed }) => {
        void reply.code(200);
        const holder = { actor, tokenHash: null };
        return shown(null, await (changed ? this.reader.seen(id, holder) : this.reader.get(id, holder)));
      },
    });
  }

  @Get('/:id')
  @HeldByShopper()
  @Operation({
    id: 'getCart',
    headers: ['ETag'],
    summary: 'Read a cart',
    description:
      'With today’s prices, shipping and tax, in minor units of its currency. Without an address tax is ' +
      'an estimate and shipping is missing from the total. Lines say when their price has changed since the cart ' +
      'last did (`priceChange`), and when not all of their pieces could be had (`availability`).',
    answers: { 200: CartDto },
  })
  async get(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return tagged(reply, await this.reader.get(id, holder));
  }

  @Patch('/:id')
  @HeldByShopper()
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
    summary: 'Change e-mail, addresses, shipping or promotion codes',
    description:
      'What is left out stays; null deletes. An empty body takes note of changed prices. With an address the totals have shipping (the cheapest ' +
      'unless `shippingOptionId` says otherwise) and the tax of its country. The checkout takes the same ' +
      'fields, so this may be left out. An address must be whole for its country (postal code, region); ' +
      'faults are 400 with their pointer. 409 `ordering.cart_closed` when an order was written from it; 429 when the cart or its ' +
      'network has guessed at codes, or had VAT ids looked up, too often.',
    answers: { 200: CartDto },
    problems: [
      ...changing,
      cartProblems.unknown_promotion_code,
      cartProblems.unknown_shipping_option,
      cartProblems.unknown_pickup_point,
      platformProblems.too_many_requests,
    ],
  })
  async update(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: UpdateCartDto,
    @Ip() ip: string,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    await this.carts.update(id, holder, body, version, ip);
    return tagged(reply, await this.reader.seen(id, holder));
  }

  @Post('/:id/lines')
  @HeldByShopper()
  @Operation({
    id: 'addCartLine',
    example: {
      variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
      quantity: 1,
      properties: { engraving: 'For Grace' },
    },
    headers: ['ETag'],
    summary: 'Put something in',
    description:
      'A variant that is in the cart already gets more of it; for another recipient or with other `properties` it is ' +
      'another line. 201 with the whole cart; 422 when the ' +
      'variant is not for sale in the currency of the cart or the cart is full (100 lines, 999 pieces ' +
      'each). Pieces of one variant count together for limits and for prices by quantity.',
    answers: { 201: CartDto },
    problems: [
      ...changing,
      cartProblems.variant_unavailable,
      cartProblems.too_many_lines,
      cartProblems.quantity_limited,
    ],
    idempotency: 'accepted-steps',
  })
  async addLine(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: CartLineInput,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    return this.answers.give<{ id: string }, CartDto>({
      status: 201,
      write: async () => {
        await this.carts.addLine(id, holder, body, version);
        return { state: { id } };
      },
      read: async () => tagged(reply, await this.reader.seen(id, holder)),
    });
  }

  @Patch('/:id/lines/:lineId')
  @HeldByShopper()
  @Operation({
    id: 'updateCartLine',
    example: { quantity: 3 },
    headers: ['ETag'],
    summary: 'Take more or fewer',
    description: 'Sets how many pieces the line has; 0 removes it. Answers the whole cart.',
    answers: { 200: CartDto },
    problems: [...changing, cartProblems.quantity_limited],
  })
  async setQuantity(
    @Param() { id, lineId }: CartLineParams,
    @CurrentHolder() holder: Holder,
    @Body() { quantity }: QuantityInput,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    await this.carts.setQuantity(id, lineId, holder, quantity, version);
    return tagged(reply, await this.reader.seen(id, holder));
  }

  @Delete('/:id/lines/:lineId')
  @HeldByShopper()
  @Operation({
    id: 'removeCartLine',
    headers: ['ETag'],
    summary: 'Take out',
    description: 'Answers the cart without it.',
    answers: { 200: CartDto },
    problems: changing,
  })
  async removeLine(
    @Param() { id, lineId }: CartLineParams,
    @CurrentHolder() holder: Holder,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    await this.carts.setQuantity(id, lineId, holder, 0, version);
    return tagged(reply, await this.reader.seen(id, holder));
  }

  @Get('/:id/readiness')
  @HeldByShopper()
  @Operation({
    id: 'getCartReadiness',
    summary: 'Can it be ordered?',
    description:
      'The very judgement that guards the checkout: what is in the way, where (`pointer` into the cart), ' +
      'and what to do about it (`fix`). `code` is the one that `errors` of a refused checkout has. ' +
      '`ready: true` promises nothing: stock is held by the checkout alone.',
    answers: { 200: ReadinessDto },
  })
  async readiness(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<ReadinessDto> {
    return readinessView((await this.reader.get(id, holder)).assessment);
  }

  @Get('/:id/explain')
  @HeldByShopper()
  @Operation({
    id: 'explainCart',
    summary: 'Why this total?',
    description:
      'How the totals came about: every promotion that was tried, with what its conditions asked and found, ' +
      'what it took off which line, and who won over it; each line, the choice of shipping, and each tax ' +
      'category with its rate in parts per million. Amounts are in minor units; tax is rounded once for ' +
      'each category.',
    answers: { 200: CartExplanationDto },
  })
  async explain(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<CartExplanationDto> {
    return explanationView((await this.reader.get(id, holder)).assessment);
  }
}

export function tagged(reply: FastifyReply, { cart, assessment }: AssessedCart): CartDto {
  void reply.header('etag', etagOfVersion(cart.version));
  return cartView(cart, assessment);
}
