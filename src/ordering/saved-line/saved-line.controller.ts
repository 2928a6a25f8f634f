import { Controller, Delete, Get, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HeldByShopper, Public } from '../../platform/access/access.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { tagged } from '../cart/cart.controller.js';
import { CartDto, CartLineParams, CartParams } from '../cart/cart.dto.js';
import { CartReader } from '../cart/cart-reader.service.js';
import { cartProblems } from '../cart/cart.errors.js';
import { SavedLineParams, SavedLinesDto } from './saved-line.dto.js';
import { SavedLines } from './saved-line.service.js';
import { savedLinesView } from './saved-line.view.js';

const changing = [cartProblems.cart_closed, platformProblems.not_found, platformProblems.stale_version];

@ApiTags('Carts')
@Public()
@Controller('/v1/carts')
export class SavedLineController {
  constructor(
    private readonly saved: SavedLines,
    private readonly reader: CartReader,
  ) {}

  @Get('/:id/saved')
  @HeldByShopper()
  @Operation({
    id: 'listSavedLines',
    summary: 'What is kept for later',
    description:
      'The newest first, with today’s price in the currency of the cart and what could be had now; nothing of it is held or in ' +
      'the totals. The list of a customer is the same beside every cart, that of a guest belongs to the cart. At most 100.',
    answers: { 200: SavedLinesDto },
  })
  async list(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<SavedLinesDto> {
    return savedLinesView(await this.saved.list(id, holder));
  }

  @Post('/:id/lines/:lineId/save')
  @HeldByShopper()
  @Operation({
    id: 'saveCartLine',
    headers: ['ETag'],
    summary: 'Keep a line for later',
    description:
      'Takes the line out of the cart and puts it on the list of what is kept. Answers the cart without it.',
    answers: { 200: CartDto },
    problems: [...changing, cartProblems.too_many_saved],
  })
  async save(
    @Param() { id, lineId }: CartLineParams,
    @CurrentHolder() holder: Holder,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    await this.saved.save(id, lineId, holder, version);
    return tagged(reply, await this.reader.seen(id, holder));
  }

  @Post('/:id/saved/:savedId/take-back')
  @HeldByShopper()
  @Operation({
    id: 'takeBackSavedLine',
    headers: ['ETag'],
    summary: 'Put it into the cart again',
    description:
      'At today’s price. Answers the cart with it. 422 when it is no longer for sale or would pass a limit; it stays on the ' +
      'list then.',
    answers: { 200: CartDto },
    problems: [
      ...changing,
      cartProblems.variant_unavailable,
      cartProblems.too_many_lines,
      cartProblems.quantity_limited,
    ],
  })
  async takeBack(
    @Param() { id, savedId }: SavedLineParams,
    @CurrentHolder() holder: Holder,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    await this.saved.takeBack(id, savedId, holder, version);
    return tagged(reply, await this.reader.seen(id, holder));
  }

  @Delete('/:id/saved/:savedId')
  @HeldByShopper()
  @Operation({
    id: 'removeSavedLine',
    summary: 'Keep it no longer',
    description: 'Takes it off the list.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async remove(@Param() { id, savedId }: SavedLineParams, @CurrentHolder() holder: Holder): Promise<void> {
    await this.saved.remove(id, savedId, holder);
  }
}
