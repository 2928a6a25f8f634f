import { Body, Controller, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { OrderParams, StaffOrderDto } from '../order/order.dto.js';
import { OrderService } from '../order/order.service.js';
import { staffOrderView } from '../order/order.view.js';
import { AddNoteDto, HoldOrderDto, OrderNoteDto, TagOrderDto } from './order-desk.dto.js';
import { deskProblems } from './order-desk.errors.js';
import type { OrderNote } from './order-note.js';
import { OrderDesk } from './order-desk.service.js';

const { not_found, stale_version } = platformProblems;

@ApiTags('Orders')
@Controller('/v1/admin/orders')
export class OrderDeskController {
  constructor(
    private readonly desk: OrderDesk,
    private readonly orders: OrderService,
    private readonly cursors: Cursors,
  ) {}

  @Post('/:id/hold')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'holdOrder',
    headers: ['ETag'],
    summary: 'Hold an order',
    description:
      'Nothing of it is sent before it is released: 409 `ordering.order_on_hold`. The buyer is not told.',
    answers: { 200: StaffOrderDto },
    problems: [deskProblems.hold_refused, not_found, stale_version],
  })
  async hold(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Body() { reason }: HoldOrderDto,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffOrderDto> {
    await this.desk.hold(id, reason, version, actor);
    return this.read(id, actor, reply);
  }

  @Post('/:id/release')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'releaseOrder',
    headers: ['ETag'],
    summary: 'Release an order',
    description: 'It may be sent again.',
    answers: { 200: StaffOrderDto },
    problems: [deskProblems.hold_refused, not_found, stale_version],
  })
  async release(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffOrderDto> {
    await this.desk.release(id, version, actor);
    return this.read(id, actor, reply);
  }

  @Put('/:id/tags')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'tagOrder',
    headers: ['ETag'],
    summary: 'Tag an order',
    description:
      'These tags in place of those that it had. Lists of orders are filtered by `tag`; buyers see none.',
    answers: { 200: StaffOrderDto },
    problems: [not_found, stale_version],
  })
  async tag(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Body() { tags }: TagOrderDto,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffOrderDto> {
    await this.desk.tag(id, tags, version, actor);
    return this.read(id, actor, reply);
  }

  @Get('/:id/notes')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listOrderNotes',
    summary: 'Notes about an order',
    description: 'What staff wrote about it for each other, the newest first. Buyers see none.',
    answers: { 200: PageOf(OrderNoteDto) },
  })
  async notes(
    @Param() { id }: OrderParams,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<Page<OrderNoteDto>> {
    const name = `order-notes:${id}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.desk.notes(id, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(name, rows, limit, (row) => [row.id]);
    return { items: items.map(noteView), nextCursor };
  }

  @Post('/:id/notes')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'addOrderNote',
    summary: 'Write a note about an order',
    description: 'For staff alone. It stays as it is; a later one may correct it.',
    answers: { 201: OrderNoteDto },
    problems: [not_found],
    idempotency: 'accepted',
  })
  async addNote(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderParams,
    @Body() { body }: AddNoteDto,
  ): Promise<OrderNoteDto> {
    return noteView(await this.desk.addNote(id, body, actor));
  }

  private async read(id: string, actor: Actor, reply: FastifyReply): Promise<StaffOrderDto> {
    const [{ order, payments }, sources] = await Promise.all([
      this.orders.get(id, { actor, tokenHash: null }),
      this.orders.sources(id),
    ]);
    void reply.header('etag', etagOfVersion(order.version));
    return staffOrderView(order, payments, sources);
  }
}

const noteView = ({ actorKind, createdAt, ...note }: OrderNote): OrderNoteDto => ({
  ...note,
  actor: actorKind,
  createdAt: createdAt.toISOString(),
});
