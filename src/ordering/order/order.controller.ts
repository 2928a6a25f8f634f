import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { giftCardProblems } from '../../billing/billing.api.js';
import { CurrentActor, HeldByShopper, Permissions, Public } from '../../platform/access/access.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { etagOfVersion } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
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

  @Get('/orders/:id')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'getOrder',
    headers: ['ETag'],
    summary: 'Read an order',
    description:
      'For its customer, for whoever holds the token of its cart, and for staff. Poll it after a 202 of ' +
      'the checkout: `status` goes from `pending_payment` to `placed`, or to `canceled` or `expired`; ' +
      '`payments[0]` says how the payment stands.\n\n' +
      '`expiresAt` is until when an unpaid order holds its stock; null when nothing is waited for.',
    answers: { 200: OrderDto },
  })
  async get(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    return tagged(reply, await this.orders.get(id, holder));
  }

  @Post('/orders/:id/cancellation')
  @Public()
  @HeldByShopper('ordering:order:write')
  @Operation({
    id: 'cancelOrder',
    headers: ['ETag'],
    summary: 'Cancel an order',
    description:
      'Before anything of it was sent. The stock is free at once; a hold on the card is released, and ' +
      'what was paid goes back by itself and stands in `payments[].refunded` when it has.\n\n' +
      '201 with the canceled order. 409 `ordering.payment_undecided` while nobody knows whether the ' +
      'money moved: repeat after `Retry-After` seconds with the same key. 409 `billing.gift_card_used` when a gift ' +
      'card of it was spent; cards that were not are worth nothing then. ' +
      '409 `ordering.order_not_cancelable` when something was sent or it is over already.\n\n' +
      'What a bank disputes is not given back beside it: it waits for the decision. What is won goes back by itself then; what is ' +
      'lost, the bank has given back.',
    answers: { 201: OrderDto },
    problems: [
      orderProblems.order_not_cancelable,
      orderProblems.payment_undecided,
      giftCardProblems.gift_card_used,
    ],
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

  @Get('/me/orders')
  @Permissions('account:self')
  @Operation({
    id: 'listMyOrders',
    summary: 'My orders',
    description:
      'The newest first, those that wait for their payment too. Orders that were made as a guest are among ' +
      'them when their address is that of the account and was verified; until then the token of their cart ' +
      'opens them.',
    answers: { 200: PageOf(OrderSummaryDto) },
  })
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
