import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { AnswersAfter } from '../../platform/http/answers-after.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { cartProblems } from '../cart/cart.errors.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import { DraftOrders } from './draft-orders.service.js';
import {
  CreateDraftOrderDto,
  DraftOrderDto,
  DraftOrderListQuery,
  DraftOrderParams,
  DraftOrderSummaryDto,
  PlacedDraftDto,
  PlaceDraftOrderDto,
  UpdateDraftOrderDto,
} from './draft-order.dto.js';
import { draftOrderProblems } from './draft-order.errors.js';
import type { DraftOrder } from './draft-order.js';
import { draftOrderView, draftSummaryView } from './draft-order.view.js';
import { DraftPlacement } from './draft-placement.service.js';
import { DraftQuotes } from './draft-quotes.service.js';

const { not_found, stale_version } = platformProblems;
const CONTENT = [
  cartProblems.variant_unavailable,
  cartProblems.quantity_limited,
  cartProblems.unknown_promotion_code,
  cartProblems.unknown_shipping_option,
  cartProblems.unknown_pickup_point,
];

@ApiTags('Draft orders')
@Controller('/v1/admin/draft-orders')
export class DraftOrderController {
  constructor(
    private readonly drafts: DraftOrders,
    private readonly placement: DraftPlacement,
    private readonly quotes: DraftQuotes,
    private readonly cursors: Cursors,
    private readonly answers: AnswersAfter,
  ) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listDraftOrders',
    summary: 'Find draft orders',
    description:
      'By state, customer or e-mail; the newest first. What each comes to is told where one is read.',
    answers: { 200: PageOf(DraftOrderSummaryDto) },
  })
  async list(
    @Query() { limit, cursor, ...filter }: DraftOrderListQuery,
  ): Promise<Page<DraftOrderSummaryDto>> {
    const name = `draft-orders:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.drafts.list(filter, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(name, rows, limit, (row) => [row.id]);
    return { items: items.map(draftSummaryView), nextCursor };
  }

  @Post()
  @Permissions('ordering:order:write')
  @Operation({
    id: 'createDraftOrder',
    location: '/v1/admin/draft-orders/{id}',
    headers: ['ETag'],
    example: {
      email: 'ada@example.test',
      currency: 'EUR',
      lines: [
        {
          variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          quantity: 2,
          unitPrice: { amount: 1500, currency: 'EUR' },
          reason: 'Agreed by phone',
        },
      ],
    },
    summary: 'Write an order for somebody',
    description:
      'For a customer, or for a guest by e-mail. Its `quote` is what a cart with the same in it would come to now: the same ' +
      'promotions, shipping and taxes, at the prices of the customer’s groups. A line may have a price of its own with a ' +
      '`reason`; it stays, and stands in the audit trail. Lines say who gets a gift card and what is written on a piece, and ' +
      'the VAT id of a business is checked, as in a cart. The draft holds nothing until it is placed.',
    answers: { 201: DraftOrderDto },
    problems: CONTENT,
    idempotency: 'accepted-steps',
  })
  async create(@CurrentActor() actor: Actor, @Body() input: CreateDraftOrderDto): Promise<DraftOrderDto> {
    return this.answers.give<{ id: string }, DraftOrderDto>({
      status: 201,
      write: async () => ({ state: { id: (await this.drafts.create(input, actor)).id } }),
      read: ({ id }) => this.get({ id }),
    });
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getDraftOrder',
    headers: ['ETag'],
    summary: 'Read a draft order',
    description: 'With what it comes to now and what stands between it and an order; once placed, without.',
    answers: { 200: DraftOrderDto },
    problems: [not_found],
  })
  async get(@Param() { id }: DraftOrderParams): Promise<DraftOrderDto> {
    return this.shown(await this.drafts.get(id));
  }

  @Patch('/:id')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'updateDraftOrder',
    headers: ['ETag'],
    example: { note: 'Wants it before Friday' },
    summary: 'Change a draft order',
    description: 'What is left out stays; a list takes the place of the list that was there.',
    answers: { 200: DraftOrderDto },
    problems: [...CONTENT, draftOrderProblems.draft_order_closed, not_found, stale_version],
  })
  async update(
    @CurrentActor() actor: Actor,
    @Param() { id }: DraftOrderParams,
    @Body() input: UpdateDraftOrderDto,
    @IfMatch() version: number | null,
  ): Promise<DraftOrderDto> {
    return this.shown(await this.drafts.update(id, input ?? {}, version, actor));
  }

  @Delete('/:id')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'deleteDraftOrder',
    summary: 'Delete a draft order',
    description: 'One that was not placed; of one that was, cancel the order.',
    answers: { 204: null },
    problems: [draftOrderProblems.draft_order_closed, not_found, stale_version],
  })
  async remove(
    @CurrentActor() actor: Actor,
    @Param() { id }: DraftOrderParams,
    @IfMatch() version: number | null,
  ): Promise<void> {
    await this.drafts.remove(id, version, actor);
  }

  @Post('/:id/placement')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'placeDraftOrder',
    example: { expectedTotal: { amount: 3490, currency: 'EUR' }, payLater: true },
    summary: 'Place a draft order',
    description:
      'Makes an order `pending_payment` that holds its stock and codes until `payUntil`, and a link by which the buyer pays, ' +
      'which is mailed. Paid, it is placed like any other; when the time is over it expires and gives everything back. An ' +
      'order of nothing to be paid is placed at once, without a link.',
    answers: { 201: PlacedDraftDto },
    problems: [
      draftOrderProblems.draft_order_closed,
      checkoutProblems.cart_not_ready,
      checkoutProblems.cart_changed,
      checkoutProblems.tax_unknown,
      checkoutProblems.out_of_stock,
      'ordering.promotion_used_up',
      not_found,
      stale_version,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async place(
    @CurrentActor() actor: Actor,
    @Param() { id }: DraftOrderParams,
    @Body() input: PlaceDraftOrderDto,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    void reply.header('cache-control', 'no-store');
    return this.placement.place(id, input, version, actor);
  }

  private async shown(draft: DraftOrder): Promise<DraftOrderDto> {
    return draftOrderView(draft, await this.quotes.quote(draft));
  }
}
