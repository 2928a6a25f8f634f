import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PriceDto } from '../price/price.dto.js';
import { PriceService } from '../price/price.service.js';
import {
  CreatePriceListDto,
  PriceListDto,
  PriceListParams,
  PriceListQuery,
  UpdatePriceListDto,
} from './price-list.dto.js';
import { PriceListService } from './price-list.service.js';

const { not_found, stale_version, conflict } = platformProblems;

@Controller('v1/admin/price-lists')
@ApiTags('Price lists')
export class PriceListController {
  constructor(
    private readonly lists: PriceListService,
    private readonly prices: PriceService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listPriceLists',
    summary: 'Lists the price lists',
    description: 'The newest first, by `status`, `currency` or `group`; without those that are archived.',
    answers: { 200: PageOf(PriceListDto) },
  })
  async list(@Query() query: PriceListQuery): Promise<Page<PriceListDto>> {
    const { status = null, currency = null, group = null, cursor, limit } = query;
    const name = `price-lists:${status}:${currency}:${group}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.lists.list({ status, currency, group }, after as string | null, limit + 1);
    return this.cursors.page(name, rows, limit, ({ id }) => [id]);
  }

  @Post()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'createPriceList',
    location: '/v1/admin/price-lists/{id}',
    example: {
      code: 'wholesale-2027',
      title: 'Wholesale 2027',
      currency: 'EUR',
      groups: ['wholesale'],
      validFrom: '2026-12-31T23:00:00.000Z',
      priority: 10,
      status: 'active',
    },
    headers: ['ETag'],
    summary: 'Makes a price list',
    description:
      'For everybody or for customer groups, for good or for a while. It begins and ends by the clock ' +
      'alone. Its prices come in by `POST /v1/admin/prices` with `priceListId`; while it is a `draft` ' +
      'nobody sees them. Code and currency stay; 409 when there is a list of this code.',
    answers: { 201: PriceListDto },
    problems: [conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: CreatePriceListDto, @CurrentActor() actor: Actor): Promise<PriceListDto> {
    return this.lists.create(input, actor);
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getPriceList',
    headers: ['ETag'],
    summary: 'Shows a price list',
    description: 'For whom, when and how strong. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: PriceListDto },
    problems: [not_found],
  })
  get(@Param() { id }: PriceListParams): Promise<PriceListDto> {
    return this.lists.get(id);
  }

  @Patch(':id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updatePriceList',
    example: { title: 'Wholesale, until summer', validUntil: '2027-05-31T22:00:00.000Z' },
    headers: ['ETag'],
    summary: 'Changes a price list',
    description:
      'What is left out stays; null takes a bound of the window or the groups away. It holds at once for ' +
      'all prices of the list, whatever their number; what held before stays in the ledger. 404 for one ' +
      'that is archived.',
    answers: { 200: PriceListDto },
    problems: [not_found, stale_version],
  })
  update(
    @Param() { id }: PriceListParams,
    @Body() input: UpdatePriceListDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<PriceListDto> {
    return this.lists.update(id, input, version, actor);
  }

  @Delete(':id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'archivePriceList',
    summary: 'Ends a price list for good',
    description:
      'Its prices hold no more. The list and its prices stay readable, for the history of prices and for ' +
      'the lowest price of the last 30 days; its code stays taken.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async archive(
    @Param() { id }: PriceListParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.lists.archive(id, version, actor);
  }

  @Get(':id/prices')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listPricesOfPriceList',
    summary: 'Shows what stands in a price list',
    description:
      'Its present prices by variant and quantity, each with the moment since which it stands there and ' +
      'who set it. What stood there before: `GET /v1/admin/prices?priceListId=`.',
    answers: { 200: PageOf(PriceDto) },
    problems: [not_found],
  })
  async entries(
    @Param() { id }: PriceListParams,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<PriceDto>> {
    await this.lists.get(id);
    const name = `price-list:${id}`;
    const [variantId = null, minQuantity = null] = this.cursors.decode(name, cursor) ?? [];
    const after =
      variantId === null ? null : { variantId: String(variantId), minQuantity: Number(minQuantity) };
    const rows = await this.prices.present(id, after, limit + 1);
    return this.cursors.page(name, rows, limit, (row) => [row.variantId, row.minQuantity]);
  }
}
