import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { FulfilmentService } from './fulfilment.service.js';
import { FulfilOrderDto, OrderDto, OrderListQuery, OrderParams, OrderSummaryDto } from './order.dto.js';
import { orderProblems } from './order.errors.js';
import { OrderListService } from './order-list.service.js';
import { OrderService } from './order.service.js';
import { orderView } from './order.view.js';

@ApiTags('Orders')
@Controller('/v1/admin/orders')
export class OrderAdminController {
  constructor(
    private readonly orders: OrderService,
    private readonly lists: OrderListService,
    private readonly fulfilments: FulfilmentService,
  ) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({ id: 'listOrders', summary: 'Find orders', answers: { 200: PageOf(OrderSummaryDto) } })
  list(@Query() query: OrderListQuery): Promise<Page<OrderSummaryDto>> {
    return this.lists.search(query);
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getOrderAsStaff',
    headers: ['ETag'],
    summary: 'Read an order as staff',
    answers: { 200: OrderDto },
  })
  async get(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const { order, payments } = await this.orders.get(id, { actor, tokenHash: null });
    void reply.header('etag', etagOfVersion(order.version));
    return orderView(order, payments);
  }

  /** All that is left, or by line. Stock leaves the shelf; the buyer gets a mail with the tracking number. */
  @Post('/:id/fulfilments')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'fulfilOrder',
    example: {
      lines: [{ lineId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 1 }],
      carrier: 'DHL',
      trackingNumber: '00340434161094000000',
    },
    headers: ['ETag'],
    summary: 'Send goods',
    answers: { 201: OrderDto },
    problems: [orderProblems.order_not_fulfillable, platformProblems.stale_version],
    idempotency: 'required',
  })
  async fulfil(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Body() body: FulfilOrderDto,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    await this.fulfilments.fulfil(actor, id, body ?? {}, version);
    return this.get(actor, { id }, reply);
  }
}
