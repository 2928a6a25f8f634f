import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { LocaleQuery } from '../../platform/http/fields.js';
import { Locales } from '../../platform/http/locales.js';
import { linkNext, PageOf } from '../../platform/http/page.js';
import { CachedPage, PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CollectionDto, CollectionQuery } from './collection.dto.js';
import { CollectionReader } from './collection.reader.service.js';

class CollectionPageDto extends PageOf(CollectionDto) {}

@Controller('v1/collections')
@Public()
@ApiTags('Collections')
export class CollectionController {
  constructor(
    private readonly reader: CollectionReader,
    private readonly pages: PageCache,
    private readonly locales: Locales,
  ) {}

  @Get()
  @CachedPage()
  @Operation({
    id: 'listCollections',
    headers: ['ETag'],
    summary: 'Lists the collections that the shop shows, the newest first',
    description:
      'Those that are published, and only within their window. Their products: ' +
      '`GET /v1/products?collection={handle}`.',
    answers: { 200: CollectionPageDto },
    problems: [platformProblems.invalid_cursor],
    rawJson: true,
  })
  async list(
    @Query() { limit, cursor, locale }: CollectionQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { json, nextCursor, until } = await this.reader.list(
      limit,
      cursor,
      this.locales.serve(request, reply, locale),
    );
    this.pages.keepUntil(request, until);
    linkNext(request, reply, nextCursor);
    return json;
  }

  @Get(':idOrHandle')
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'summer', description: 'Id or handle.' })
  @Operation({
    id: 'getCollection',
    headers: ['ETag'],
    summary: 'Shows a collection',
    description:
      'By id or by handle; 404 for a draft, and before and after its window. Its products: ' +
      '`GET /v1/products?collection={handle}`, with every filter, facet and order.',
    answers: { 200: CollectionDto },
    problems: [platformProblems.not_found],
    rawJson: true,
  })
  async get(
    @Param('idOrHandle') key: string,
    @Query() { locale }: LocaleQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { json, until } = await this.reader.page(key, this.locales.serve(request, reply, locale));
    this.pages.keepUntil(request, until);
    return json;
  }
}
