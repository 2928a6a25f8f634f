import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions, Public } from '../../platform/access/access.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { etagOfVersion } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, HeldByShopper, type Holder } from '../cart/cart.access.js';
import { CancelOrderDto, OrderDto, OrderParams, OrderSummaryDto } from './order.dto.js';
import { orderProblems } from './order.errors.js';
import { OrderListService } from './order-list.service.js';
import { OrderService, type PaidOrder } from './order.service.js';
import { orderView } from './order.view.js';

@ApiTags('Orders')
@Controller('/v1')
export class OrderController {
  constructor(
    private readonly orders: OrderService,
    private readonly lists: OrderListService,
  ) {}

  /** For its customer, for whoever holds the token of its cart, and for staff. */
  @Get('/orders/:id')
  @Public()
  @HeldByShopper()
  @Operation({ id: 'getOrder', headers: ['ETag'], summary: 'Read an order', answers: { 200: OrderDto } })
  async get(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    return tagged(reply, await this.orders.get(id, holder));
  }

  /** Before anything of it was sent. What was paid goes back, and says so in `payments[].refunded` when it has. */
  @Post('/orders/:id/cancellation')
  @Public()
  @HeldByShopper()
  @Operation({
    id: 'cancelOrder',
    headers: ['ETag'],
    summary: 'Cancel an order',
    answers: { 201: OrderDto },
    problems: [orderProblems.order_not_cancelable, orderProblems.payment_undecided],
    idempotency: 'required',
  })
  async cancel(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Body() body: CancelOrderDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    return tagged(reply, await this.orders.cancel(id, holder, body?.reason ?? null));
  }

  /** The newest first. */
  @Get('/me/orders')
  @Permissions('account:self')
  @Operation({ id: 'listMyOrders', summary: 'My orders', answers: { 200: PageOf(OrderSummaryDto) } })
  mine(@CurrentActor() actor: Actor, @Query() { limit, cursor }: PageQuery): Promise<Page<OrderSummaryDto>> {
    const id = personId(actor);
    if (id === null) throw platformProblems.unauthorized();
    return this.lists.mine(id, limit, cursor);
  }
}

function tagged(reply: FastifyReply, { order, payments }: PaidOrder): OrderDto {
  void reply.header('etag', etagOfVersion(order.version)).header('cache-control', 'no-store');
  return orderView(order, payments);
}
