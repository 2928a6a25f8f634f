import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import { orderProblems } from '../order/order.errors.js';
import { ChangeDrafts } from './change-drafts.service.js';
import {
  ChangeParams,
  ChangePlanDto,
  ChangePreviewDto,
  ConfirmChangeDto,
  CreateChangeDto,
  OrderChangeDto,
  OrderChangesParams,
} from './change.dto.js';
import { changeProblems } from './change.errors.js';
import { changeView, previewView } from './change.view.js';
import { ChangesService } from './changes.service.js';

const { not_found, stale_version } = platformProblems;

@ApiTags('Order changes')
@Controller('/v1/admin/orders/:id/changes')
export class ChangeAdminController {
  constructor(
    private readonly drafts: ChangeDrafts,
    private readonly changes: ChangesService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listOrderChanges',
    summary: 'Changes of an order',
    description: 'The newest first: drafts, what was confirmed, and what came to nothing.',
    answers: { 200: PageOf(OrderChangeDto) },
  })
  async list(
    @Param() { id }: OrderChangesParams,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<Page<OrderChangeDto>> {
    const name = `order-changes:${id}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.drafts.list(id, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(name, rows, limit, (row) => [row.id]);
    return { items: items.map(changeView), nextCursor };
  }

  @Post()
  @Permissions('ordering:order:write')
  @Operation({
    id: 'draftOrderChange',
    location: '/v1/admin/orders/{orderId}/changes/{id}',
    headers: ['ETag'],
    example: {
      kind: 'edit',
      remove: [{ lineId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 1 }],
      reason: 'Ordered one too many',
    },
    summary: 'Draft a change of an order',
    description:
      'Everything that happens to a placed order has this one shape. `edit` takes off what was not sent, adds goods at ' +
      'today’s price, and changes address or shipping; `cancel` takes off what was not sent, all of it unless lines are ' +
      'named; `return` and `exchange` take back what was sent, with other goods or without; `claim` makes good for what ' +
      'was damaged or lost.\n\nWhat goes away goes at the price, discount and tax that it was bought for, and promotions ' +
      'are not asked again. Nothing happens before the draft is confirmed: look at its preview first. An order has one ' +
      'open draft.',
    answers: { 201: OrderChangeDto },
    problems: [
      changeProblems.change_not_possible,
      changeProblems.order_not_changeable,
      changeProblems.change_open,
      not_found,
    ],
  })
  async create(
    @CurrentActor() actor: Actor,
    @Param() { id }: OrderChangesParams,
    @Body() input: CreateChangeDto,
  ): Promise<OrderChangeDto> {
    return changeView(await this.drafts.create(id, input, actor));
  }

  @Get('/:changeId')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getOrderChange',
    headers: ['ETag'],
    summary: 'Read a change of an order',
    description: 'What was asked for, and once it is confirmed what it came to.',
    answers: { 200: OrderChangeDto },
    problems: [not_found],
  })
  async get(@Param() { id, changeId }: ChangeParams): Promise<OrderChangeDto> {
    return changeView(await this.drafts.get(id, changeId));
  }

  @Patch('/:changeId')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'updateOrderChange',
    headers: ['ETag'],
    example: { refundShipping: true },
    summary: 'Change a draft',
    description:
      'What is left out stays; a list takes the place of the list that was there. The draft is then one for the order as ' +
      'it is now: an empty body says that it shall stay as it is although the order has changed.',
    answers: { 200: OrderChangeDto },
    problems: [
      changeProblems.change_not_possible,
      changeProblems.order_not_changeable,
      changeProblems.change_closed,
      not_found,
      stale_version,
    ],
  })
  async update(
    @CurrentActor() actor: Actor,
    @Param() { id, changeId }: ChangeParams,
    @Body() input: ChangePlanDto,
    @IfMatch() version: number | null,
  ): Promise<OrderChangeDto> {
    return changeView(await this.drafts.update(id, changeId, input ?? {}, version, actor));
  }

  @Delete('/:changeId')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'discardOrderChange',
    summary: 'Discard a draft',
    description: 'Nothing of it has happened, and nothing will. It stays readable as `discarded`.',
    answers: { 204: null },
    problems: [changeProblems.change_closed, not_found, stale_version],
  })
  async discard(
    @CurrentActor() actor: Actor,
    @Param() { id, changeId }: ChangeParams,
    @IfMatch() version: number | null,
  ): Promise<void> {
    await this.drafts.discard(id, changeId, version, actor);
  }

  @Get('/:changeId/preview')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'previewOrderChange',
    summary: 'Preview a draft',
    description:
      'The exact difference, line by line, what would be due or go back, and what it does to the stock: computed now by ' +
      'what confirms it. `isCurrent: false` says that the order has moved since the draft was made.',
    answers: { 200: ChangePreviewDto },
    problems: [
      changeProblems.change_not_possible,
      changeProblems.order_not_changeable,
      changeProblems.change_closed,
      not_found,
    ],
  })
  async preview(@Param() { id, changeId }: ChangeParams): Promise<ChangePreviewDto> {
    return previewView(await this.drafts.preview(id, changeId));
  }

  @Post('/:changeId/confirmation')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'confirmOrderChange',
    example: { expectedDifference: { amount: -1999, currency: 'EUR' } },
    summary: 'Confirm a draft',
    description:
      'All of it at once, or nothing: lines, totals and taxes, stock, money and history; the buyer gets a letter. What ' +
      'comes to less than before goes back to where it was paid from; what came in cash or by transfer is paid out by the person who ' +
      'confirms it, and waits for one where a program does. What comes to more makes the order ' +
      '`partially_paid`: what was added is held for `payWithinHours` and not sent before it is paid; if nobody pays it is ' +
      'taken off again.\n\n409 `ordering.order_changed` when the order has moved since the draft, 409 ' +
      '`ordering.difference_changed` when it comes to something else than `expectedDifference`, 409 ' +
      '`ordering.out_of_stock` when what is added is not there, 409 `ordering.customer_limit` when the customer may not buy so ' +
      'many of it. What goes away with its money no longer counts for that limit.',
    answers: { 200: OrderChangeDto },
    problems: [
      changeProblems.change_not_possible,
      changeProblems.order_not_changeable,
      changeProblems.change_closed,
      changeProblems.order_changed,
      changeProblems.return_not_received,
      changeProblems.difference_changed,
      checkoutProblems.out_of_stock,
      changeProblems.customer_limit,
      orderProblems.order_not_cancelable,
      orderProblems.payment_undecided,
      'billing.credit_needs_customer',
      'billing.refund_exceeds_captured',
      'billing.payment_disputed',
      'billing.gift_card_kept',
      'billing.amount_not_representable',
      'billing.gift_card_used',
      'catalog.unknown_location',
      'catalog.stock_untracked',
      not_found,
      stale_version,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async confirm(
    @CurrentActor() actor: Actor,
    @Param() { id, changeId }: ChangeParams,
    @Body() input: ConfirmChangeDto,
    @IfMatch() version: number | null,
  ): Promise<string> {
    return this.changes.confirm(id, changeId, input, version, actor);
  }

  @Post('/:changeId/withdrawal')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'withdrawOrderChange',
    headers: ['ETag'],
    summary: 'Withdraw an unpaid change',
    description:
      'What was confirmed and waits to be paid is taken off again, as it is by itself when its time to be paid is over. What ' +
      'came back with it stays back, and its money goes to the buyer; what a bank disputes stays in `amountToRefund`.\n\n409 `ordering.change_not_awaiting` when it is paid; 409 ' +
      '`ordering.payment_undecided` while nobody knows whether a payment of it moved.',
    answers: { 200: OrderChangeDto },
    problems: [
      changeProblems.change_not_awaiting,
      orderProblems.payment_undecided,
      'billing.credit_needs_customer',
      not_found,
      stale_version,
    ],
    idempotency: 'required',
  })
  async withdraw(
    @CurrentActor() actor: Actor,
    @Param() { id, changeId }: ChangeParams,
    @IfMatch() version: number | null,
  ): Promise<OrderChangeDto> {
    return changeView(await this.changes.withdraw(id, changeId, version, actor));
  }
}
