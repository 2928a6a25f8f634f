import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { FulfilOrderDto } from '../fulfilment/fulfilment.dto.js';
import { fulfilmentProblems } from '../fulfilment/fulfilment.errors.js';
import { FulfilmentService } from '../fulfilment/fulfilment.service.js';
import { OrderListQuery, OrderParams, OrderSummaryDto, StaffOrderDto } from './order.dto.js';
import { orderProblems } from './order.errors.js';
import { OrderListService } from './order-list.service.js';
import { OrderService } from './order.service.js';
import { staffOrderView } from './order.view.js';

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
  @Operation({
    id: 'listOrders',
    summary: 'Find orders',
    description:
      'By statuses, number, e-mail, tag, hold or time of making (`createdAt[gte]`, `createdAt[lte]`); the newest ' +
      'first unless `sort=createdAt`. Orders that wait for their payment and expired ones are among ' +
      'them: `status=placed&fulfilmentStatus=unfulfilled` is what wants to be sent.',
    answers: { 200: PageOf(OrderSummaryDto) },
  })
  list(@Query() query: OrderListQuery): Promise<Page<OrderSummaryDto>> {
    return this.lists.search(query);
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getOrderAsStaff',
    headers: ['ETag'],
    summary: 'Read an order as staff',
    description:
      'What the shopper sees, for every order, and in `allocations` which location gives what. The `ETag` goes into `If-Match` of `POST ' +
      '/v1/admin/orders/{id}/fulfilments`.',
    answers: { 200: StaffOrderDto },
  })
  async get(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffOrderDto> {
    const [{ order, payments }, sources] = await Promise.all([
      this.orders.get(id, { actor, tokenHash: null }),
      this.orders.sources(id),
    ]);
    void reply.header('etag', etagOfVersion(order.version));
    return staffOrderView(order, payments, sources);
  }

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
    description:
      'All that is left, or the lines and pieces that are named, as one fulfilment for each location that the stock was ' +
      'split to; with `location` from there and nowhere else. Stock leaves the shelf, and the buyer gets a mail with the ' +
      'tracking number.\n\n' +
      'With `shipNow: false` it is only planned, as `pending`, and goes on under `/v1/admin/fulfilments`; the stock stays on hand ' +
      'until it is dispatched. Planned pieces are left for no other fulfilment.\n\n' +
      '201 with the whole order; when nothing is left to send, `fulfilmentStatus` is `fulfilled` and ' +
      '`status` `completed`. An order with only a part of it sent can no longer be canceled.\n\n' +
      '409 `ordering.order_not_fulfillable`: it is not placed, its payment is not secured, or more was ' +
      'named than is left or lies at the location (`errors` says where).',
    answers: { 201: StaffOrderDto },
    problems: [
      orderProblems.order_not_fulfillable,
      orderProblems.order_on_hold,
      fulfilmentProblems.unknown_location,
      'catalog.out_of_stock',
      platformProblems.stale_version,
    ],
    idempotency: 'required',
  })
  async fulfil(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Body() body: FulfilOrderDto,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffOrderDto> {
    await this.fulfilments.fulfil(actor, id, body ?? {}, version);
    return this.get(actor, { id }, reply);
  }
}
