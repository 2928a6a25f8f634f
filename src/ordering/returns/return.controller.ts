import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, HeldByShopper, Permissions, Public } from '../../platform/access/access.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { OrderParams } from '../order/order.dto.js';
import { AskForReturnDto, OrderReturnDto, ReturnParams } from './return.dto.js';
import { returnProblems } from './return.errors.js';
import type { OrderReturn } from './return.js';
import { returnView } from './return.view.js';
import { ReturnRequests } from './return-requests.service.js';

@ApiTags('Returns')
@Controller('/v1')
export class ReturnController {
  constructor(
    private readonly returns: ReturnRequests,
    private readonly cursors: Cursors,
  ) {}

  @Post('/orders/:id/returns')
  @Public()
  @HeldByShopper('ordering:order:write')
  @Operation({
    id: 'askForReturn',
    location: '/v1/returns/{id}',
    headers: ['ETag'],
    example: {
      lines: [{ lineId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 1, reason: 'does_not_fit' }],
      comment: 'A size too small.',
    },
    summary: 'Ask to send goods back',
    description:
      'Pieces that were sent, for as many days from their parcel on as the shop says; staff may ask in the place of the ' +
      'buyer, also later. A piece is asked back once. The shop approves or declines, and writes; nothing is refunded ' +
      'before the goods came.\n\n422 `ordering.return_not_possible`: `errors` says which line cannot be sent back, and why.',
    answers: { 201: OrderReturnDto },
    problems: [returnProblems.return_not_possible, returnProblems.order_not_returnable],
    idempotency: 'required',
  })
  async ask(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Body() body: AskForReturnDto,
  ): Promise<OrderReturnDto> {
    return returnView(await this.returns.ask(id, holder, body));
  }

  @Get('/orders/:id/returns')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'listReturnsOfOrder',
    summary: 'Returns of an order',
    description: 'The newest first, for whoever holds the order.',
    answers: { 200: PageOf(OrderReturnDto) },
  })
  async ofOrder(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<Page<OrderReturnDto>> {
    const name = `returns-of:${id}`;
    return this.page(name, limit, cursor, (after) => this.returns.ofOrder(id, holder, after, limit + 1));
  }

  @Get('/returns/:id')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'getReturn',
    headers: ['ETag'],
    summary: 'Read a return',
    description: 'How far it is, and where the label is when there is one.',
    answers: { 200: OrderReturnDto },
  })
  async get(@Param() { id }: ReturnParams, @CurrentHolder() holder: Holder): Promise<OrderReturnDto> {
    return returnView(await this.returns.get(id, holder));
  }

  @Post('/returns/:id/cancellation')
  @Public()
  @HeldByShopper('ordering:order:write')
  @Operation({
    id: 'cancelReturn',
    headers: ['ETag'],
    summary: 'Cancel a return',
    description: 'As long as nothing of it came back. Its pieces may be asked back again.',
    answers: { 200: OrderReturnDto },
    problems: [returnProblems.return_decided],
  })
  async cancel(@Param() { id }: ReturnParams, @CurrentHolder() holder: Holder): Promise<OrderReturnDto> {
    return returnView(await this.returns.cancel(id, holder));
  }

  @Get('/me/returns')
  @Permissions('account:self')
  @Operation({
    id: 'listMyReturns',
    summary: 'My returns',
    description: 'Of all my orders, the newest first.',
    answers: { 200: PageOf(OrderReturnDto) },
  })
  mine(@CurrentActor() actor: Actor, @Query() { limit, cursor }: PageQuery): Promise<Page<OrderReturnDto>> {
    const customerId = personId(actor);
    if (customerId === null) throw platformProblems.unauthorized();
    const name = `my-returns:${customerId}`;
    return this.page(name, limit, cursor, (after) => this.returns.list({ customerId }, after, limit + 1));
  }

  private async page(
    name: string,
    limit: number,
    cursor: string | undefined,
    read: (after: string | null) => Promise<OrderReturn[]>,
  ): Promise<Page<OrderReturnDto>> {
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await read(after as string | null);
    const { items, nextCursor } = this.cursors.page(name, rows, limit, (row) => [row.id]);
    return { items: items.map(returnView), nextCursor };
  }
}
