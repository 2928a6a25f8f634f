import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import {
  CountDto,
  type CountInputDto,
  CountsInputDto,
  CountsQuery,
  StartStocktakeDto,
  StocktakeDto,
  StocktakesQuery,
} from './stocktake.dto.js';
import { stocktakeProblems } from './stocktake.errors.js';
import { StocktakeReader } from './stocktake.reader.service.js';
import { StocktakeService } from './stocktake.service.js';

type Stocktake = Awaited<ReturnType<StocktakeService['get']>>;
const { not_found } = platformProblems;

@Controller('v1/admin/stocktakes')
@ApiTags('Stocktakes')
export class StocktakeController {
  constructor(
    private readonly stocktakes: StocktakeService,
    private readonly reader: StocktakeReader,
  ) {}

  @Post()
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'startStocktake',
    location: '/v1/admin/stocktakes/{id}',
    headers: ['ETag'],
    summary: 'Starts counting at a location',
    description:
      'The whole of it, or only products of a `brand` or below a `category`. The shop goes on selling ' +
      'meanwhile. Next: `POST /v1/admin/stocktakes/{id}/counts`.',
    answers: { 201: StocktakeDto },
    problems: [catalogProblems.unknown_location, catalogProblems.unknown_category],
    idempotency: 'accepted',
  })
  async start(@Body() input: StartStocktakeDto, @CurrentActor() actor: Actor): Promise<StocktakeDto> {
    const { location, note = null, brand = null, category = null } = input;
    return view(await this.stocktakes.start({ location, note, brand, category }, actor));
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listStocktakes',
    summary: 'Lists the stocktakes',
    description: 'The newest first, by `state`.',
    answers: { 200: PageOf(StocktakeDto) },
  })
  async list(@Query() { state = undefined, cursor, limit }: StocktakesQuery): Promise<Page<StocktakeDto>> {
    const { items, nextCursor } = await this.reader.list(state ?? null, cursor, limit);
    return { items: items.map(view), nextCursor };
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getStocktake',
    headers: ['ETag'],
    summary: 'Shows a stocktake',
    description: 'How much is counted, how much of it differs, and what became of it.',
    answers: { 200: StocktakeDto },
    problems: [not_found],
  })
  async get(@Param('id', ParseUUIDPipe) id: string): Promise<StocktakeDto> {
    return view(await this.stocktakes.get(id));
  }

  @Post(':id/counts')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'countStock',
    example: { counts: [{ sku: 'TOTE-NAT', counted: 12 }] },
    headers: ['ETag'],
    summary: 'Enters what was counted',
    description:
      'Up to 1,000 variants, each by `sku`, `barcode` or `variantId`; all or none. Each is compared with ' +
      'what is on hand **at this instant**: what is sold, sent or received afterwards changes nothing of the ' +
      'difference. So enter a count when it was made. A second count of the same replaces the first.\n\n' +
      '422 `catalog.stocktake_item`: `errors` points at what is unknown, ambiguous, out of scope or there twice.',
    answers: { 200: StocktakeDto },
    problems: [not_found, stocktakeProblems.stocktake_closed, stocktakeProblems.stocktake_item],
    idempotency: 'accepted',
  })
  async count(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { counts }: CountsInputDto,
    @CurrentActor() actor: Actor,
  ): Promise<StocktakeDto> {
    counts.forEach((count, index) => refuseNameless(count, index));
    const items = counts.map(({ sku = null, barcode = null, variantId = null, counted }) => ({
      sku,
      barcode,
      variantId,
      counted,
    }));
    return view(await this.stocktakes.count(id, items, actor));
  }

  @Get(':id/counts')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'reviewStocktake',
    summary: 'Lists what was counted',
    description:
      'Everything, only what differs (`show=differing`), or what should lie there and nobody has counted ' +
      '(`show=uncounted`); that stays as it is when the stocktake is confirmed.',
    answers: { 200: PageOf(CountDto) },
    problems: [not_found],
  })
  async counts(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { show = 'counted', cursor, limit }: CountsQuery,
  ): Promise<Page<CountDto>> {
    await this.stocktakes.get(id);
    const { items, nextCursor } = await this.reader.counts(id, show, cursor, limit);
    return {
      items: items.map((row) => ({ ...row, countedAt: row.countedAt?.toISOString() ?? null })),
      nextCursor,
    };
  }

  @Post(':id/confirmation')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'confirmStocktake',
    headers: ['ETag'],
    summary: 'Brings stock to what was counted',
    description:
      'Writes each difference as an `adjusted` movement with the reason `stocktake`, all or none. What another open ' +
      'stocktake of the location has counted of the same is corrected once: the later count of the two holds. 200 when ' +
      'it is done; 202 when there are more than 1,000: a job writes them, and `state` is `applying` until ' +
      'it is `confirmed`, or `open` again with a `failure`. Confirming twice is confirming once.\n\n' +
      '409 `catalog.stock_promised` when fewer would be left of something than are promised to orders: ' +
      '`errors` says of what. Cancel orders or count again.',
    answers: { 200: StocktakeDto, 202: StocktakeDto },
    problems: [not_found, stocktakeProblems.stocktake_closed, catalogProblems.stock_promised],
    idempotency: 'accepted',
  })
  async confirm(
    @Param('id', ParseUUIDPipe) id: string,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StocktakeDto> {
    const stocktake = await this.stocktakes.confirm(id, actor);
    if (stocktake.state === 'applying') void reply.code(202);
    return view(stocktake);
  }

  @Post(':id/cancellation')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'cancelStocktake',
    headers: ['ETag'],
    summary: 'Gives a stocktake up',
    description: 'What was counted stays to be read, and changes nothing. Canceling twice is canceling once.',
    answers: { 200: StocktakeDto },
    problems: [not_found, stocktakeProblems.stocktake_closed],
  })
  async cancel(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<StocktakeDto> {
    return view(await this.stocktakes.cancel(id, actor));
  }
}

const view = ({ locationId: _, createdAt, confirmedAt, ...stocktake }: Stocktake): StocktakeDto => ({
  ...stocktake,
  createdAt: createdAt.toISOString(),
  confirmedAt: confirmedAt?.toISOString() ?? null,
});

function refuseNameless({ sku, barcode, variantId }: CountInputDto, index: number): void {
  if ([sku, barcode, variantId].filter((name) => name !== undefined).length === 1) return;
  throw platformProblems.invalid_input('A count names one thing.', {
    errors: [
      {
        pointer: `/counts/${index}`,
        code: 'only_one_of',
        message: 'needs exactly one of sku, barcode, variantId',
      },
    ],
  });
}
