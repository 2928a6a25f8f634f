import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { MovementDto, StockChangesDto, StockLevelDto, StockQuery } from './stock.dto.js';
import { StockReader } from './stock.reader.service.js';
import { StockService } from './stock.service.js';

/** How many there are and where. */
@Controller('v1/admin/stock')
@ApiTags('Stock')
export class StockController {
  constructor(
    private readonly stock: StockService,
    private readonly reader: StockReader,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listStock',
    summary: 'Lists stock by variant and location',
    description:
      'One row for each variant and location: pieces on hand, allocated to placed orders, reserved by ' +
      'checkouts, and what is left of them. Filter by `variantId`, `sku` or `location`, or ask for what ' +
      'runs out with `low=true`. `id` leads to the movements of the row.\n\n' +
      'When the last piece above `lowStockAt` of a variant goes, the fact `catalog.stock_low` tells so, once; ' +
      'when the first piece is there after there was none, `catalog.back_in_stock` does. Both stand in ' +
      '`GET /v1/admin/events`.',
    answers: { 200: PageOf(StockLevelDto) },
    problems: [catalogProblems.unknown_location],
  })
  async levels(@Query() query: StockQuery): Promise<Page<StockLevelDto>> {
    const { cursor, limit, variantId = null, sku = null, location = null, low = null } = query;
    const list = `stock:${variantId}:${sku}:${location}:${low}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.reader.levels({
      variantId,
      sku,
      location,
      low,
      after: after as string | null,
      limit: limit + 1,
    });
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  @Post('movements')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'moveStock',
    example: {
      changes: [
        {
          variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          location: 'main',
          kind: 'received',
          quantity: 10,
        },
      ],
    },
    summary: 'Receives, adjusts or takes back stock',
    description:
      'Pieces that came (`received`), came back (`returned`) or were counted differently (`adjusted`, ' +
      'with a reason; the only kind that may be negative). Movements are the only way to change what is ' +
      'on hand. All are written or none.\n\n' +
      '409 `catalog.stock_promised` when fewer would be left than are promised to orders: `errors` says how many are ' +
      'there. 422 `catalog.stock_untracked` for more of a bundle or of what nobody counts.',
    answers: { 204: null },
    problems: [
      platformProblems.not_found,
      catalogProblems.unknown_location,
      catalogProblems.stock_promised,
      catalogProblems.stock_untracked,
    ],
    idempotency: 'required',
  })
  async move(@Body() { changes }: StockChangesDto, @CurrentActor() actor: Actor): Promise<void> {
    await this.stock.change(
      changes.map((change) => ({ ...change, reason: change.reason ?? null })),
      actor,
    );
  }

  @Get(':id/movements')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listMovements',
    summary: 'Shows what happened to a stock row, the newest first',
    description:
      'Of one row of `GET /v1/admin/stock`: what came, was promised, was freed, was sent or was ' +
      'corrected, by whom and for which order (`reference`).',
    answers: { 200: PageOf(MovementDto) },
  })
  async movements(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<MovementDto>> {
    const list = `movements:${id}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.reader.movements(id, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, (row) => [row.position]);
    return { items: items.map(({ position: _, ...movement }) => movement), nextCursor };
  }
}
