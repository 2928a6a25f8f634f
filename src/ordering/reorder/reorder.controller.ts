import { Controller, Ip, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HeldByShopper, Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { CartQuota } from '../cart/cart-quota.service.js';
import { FilledCartDto } from '../cart/cart.dto.js';
import { cartProblems } from '../cart/cart.errors.js';
import { OrderParams } from '../order/order.dto.js';
import { Reorder } from './reorder.service.js';

@ApiTags('Carts')
@Public()
@Controller('/v1/orders')
export class ReorderController {
  constructor(
    private readonly reorders: Reorder,
    private readonly quota: CartQuota,
  ) {}

  @Post(':id/reorder')
  @HeldByShopper()
  @Operation({
    id: 'reorder',
    summary: 'Put the same into a cart again',
    description:
      'What is still sold and there, at today’s prices: into the active cart of the customer, or for a guest, who holds the ' +
      'token of the order’s cart or of a look-up, into a new cart with a `token` of its own. `leftOut` says what is not in it and why: no ' +
      'longer for sale, sold out, or more than a limit lets through. Each call puts it in once more: send an ' +
      '`Idempotency-Key`.',
    answers: { 201: FilledCartDto },
    problems: [platformProblems.not_found, cartProblems.too_many_carts],
    idempotency: 'accepted-steps',
  })
  async reorder(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FilledCartDto> {
    await this.quota.count(holder.actor, ip);
    void reply.header('cache-control', 'no-store');
    return this.reorders.reorder(id, holder);
  }
}
