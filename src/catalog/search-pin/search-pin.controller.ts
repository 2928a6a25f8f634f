import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { collectionProblems } from '../collection/collection.errors.js';
import { CreateSearchPinDto, SearchPinDto, UpdateSearchPinDto } from './search-pin.dto.js';
import { SearchPinService } from './search-pin.service.js';

const { not_found, stale_version, conflict, invalid_cursor } = platformProblems;
const { unknown_product } = collectionProblems;
const LIST = 'search-pins';

@Controller('v1/admin/search/pins')
@ApiTags('Search')
@Permissions('catalog:product:write')
export class SearchPinController {
  constructor(
    private readonly pins: SearchPinService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listSearchPins',
    summary: 'Lists the queries that staff have pinned products to, the newest first',
    description: 'Those too whose time has not come or is over.',
    answers: { 200: PageOf(SearchPinDto) },
    problems: [invalid_cursor],
  })
  async list(@Query() { limit, cursor }: PageQuery): Promise<Page<SearchPinDto>> {
    const [after = null] = this.cursors.decode(LIST, cursor) ?? [];
    const rows = await this.pins.list(after as string | null, limit + 1);
    return this.cursors.page(LIST, rows, limit, ({ id }) => [id]);
  }

  @Post()
  @Operation({
    id: 'createSearchPin',
    location: '/v1/admin/search/pins/{id}',
    headers: ['ETag'],
    summary: 'Says which products come first in a search',
    description:
      'When exactly these words are searched for, `productIds` come first in the order by relevance, whether or not ' +
      'they have the words; only those that are published and pass the filters of the shopper are shown. `hiddenIds` ' +
      'are not found. It holds at once, within the window alone.\n\n409 when the query has pins already.',
    answers: { 201: SearchPinDto },
    problems: [conflict, unknown_product],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateSearchPinDto, @CurrentActor() actor: Actor): Promise<SearchPinDto> {
    return this.pins.create(input, actor);
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getSearchPin',
    headers: ['ETag'],
    summary: 'Shows what is pinned to a query',
    description: 'The `ETag` goes into `If-Match` of a change.',
    answers: { 200: SearchPinDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<SearchPinDto> {
    return this.pins.get(id);
  }

  @Patch(':id')
  @Operation({
    id: 'updateSearchPin',
    example: { endsAt: '2027-12-24T23:00:00.000Z' },
    headers: ['ETag'],
    summary: 'Changes what is pinned to a query',
    description:
      'What is left out stays; lists are replaced as a whole, null takes a bound of the window away.',
    answers: { 200: SearchPinDto },
    problems: [not_found, stale_version, conflict, unknown_product],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateSearchPinDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SearchPinDto> {
    return this.pins.update(id, input, version, actor);
  }

  @Delete(':id')
  @Operation({
    id: 'deleteSearchPin',
    summary: 'Takes all pins from a query',
    description: 'Its products are found by their words again.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.pins.delete(id, version, actor);
  }
}
