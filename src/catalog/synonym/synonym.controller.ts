import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CreateSynonymDto, SynonymDto, UpdateSynonymDto } from './synonym.dto.js';
import { SynonymService } from './synonym.service.js';

const { not_found, stale_version, conflict, invalid_cursor } = platformProblems;
const LIST = 'search-synonyms';

@Controller('v1/admin/search/synonyms')
@ApiTags('Search')
@Permissions('catalog:product:write')
export class SynonymController {
  constructor(
    private readonly synonyms: SynonymService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listSynonyms',
    summary: 'Lists the synonyms, the newest first',
    description: 'All that staff have said; the search knows no others.',
    answers: { 200: PageOf(SynonymDto) },
    problems: [invalid_cursor],
  })
  async list(@Query() { limit, cursor }: PageQuery): Promise<Page<SynonymDto>> {
    const [after = null] = this.cursors.decode(LIST, cursor) ?? [];
    const rows = await this.synonyms.list(after as string | null, limit + 1);
    return this.cursors.page(LIST, rows, limit, ({ id }) => [id]);
  }

  @Post()
  @Operation({
    id: 'createSynonym',
    location: '/v1/admin/search/synonyms/{id}',
    headers: ['ETag'],
    summary: 'Says that words mean the same',
    description:
      'With `words` alone they stand for each other: a search for one finds all of them. With `finds` a search for ' +
      'one of `words` finds those too, and not the other way round. Phrases are found when all their words stand in ' +
      'the query. A product that has the word itself comes before one that has its synonym. Searches with a phrase in ' +
      'quotes or a forbidden word mean what they say. It holds at once, in other processes within a second.\n\n' +
      '409 when there are 2,000 already, or the same group (whatever the order and the form of its words). 400 when a ' +
      'single word would find itself.',
    answers: { 201: SynonymDto },
    problems: [conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateSynonymDto, @CurrentActor() actor: Actor): Promise<SynonymDto> {
    return this.synonyms.create(input, actor);
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getSynonym',
    headers: ['ETag'],
    summary: 'Shows one group of synonyms',
    description: 'The `ETag` goes into `If-Match` of a change.',
    answers: { 200: SynonymDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<SynonymDto> {
    return this.synonyms.get(id);
  }

  @Patch(':id')
  @Operation({
    id: 'updateSynonym',
    example: { words: ['settee'], finds: ['sofa'] },
    headers: ['ETag'],
    summary: 'Changes a group of synonyms',
    description:
      'What is left out stays; lists are replaced as a whole. It holds at once. 409 when there is such ' +
      'a group already.',
    answers: { 200: SynonymDto },
    problems: [not_found, stale_version, conflict],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateSynonymDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SynonymDto> {
    return this.synonyms.update(id, input, version, actor);
  }

  @Delete(':id')
  @Operation({
    id: 'deleteSynonym',
    summary: 'Deletes a group of synonyms',
    description: 'Its words mean only themselves again, at once.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.synonyms.delete(id, version, actor);
  }
}
