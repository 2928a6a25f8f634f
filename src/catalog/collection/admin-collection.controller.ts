import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import {
  AddCollectionProductDto,
  AdminCollectionDto,
  AdminCollectionQuery,
  CollectionMemberDto,
  CollectionPreviewDto,
  CreateCollectionDto,
  PreviewCollectionDto,
  SetCollectionProductsDto,
  UpdateCollectionDto,
} from './collection.dto.js';
import { collectionProblems } from './collection.errors.js';
import { CollectionReader } from './collection.reader.service.js';
import { CollectionService } from './collection.service.js';

const { not_found, stale_version, invalid_cursor } = platformProblems;
const { handle_taken, unknown_category } = catalogProblems;
const { unknown_product, collection_has_rule, collection_full } = collectionProblems;
const { unknown_media } = mediaProblems;
const EXAMPLE_RULE = {
  all: [
    { price: { currency: 'EUR', lte: 2000 } },
    { any: [{ attribute: { name: 'material', in: ['linen', 'cotton'] } }, { titleContains: 'linen' }] },
  ],
};

/** Collections as staff make and change them. */
@Controller('v1/admin/collections')
@ApiTags('Collections')
@Permissions('catalog:product:write')
export class AdminCollectionController {
  constructor(
    private readonly collections: CollectionService,
    private readonly reader: CollectionReader,
  ) {}

  @Post()
  @Operation({
    id: 'createCollection',
    location: '/v1/admin/collections/{id}',
    headers: ['ETag'],
    example: { handle: 'under-twenty', title: 'Under twenty', kind: 'rule', rule: EXAMPLE_RULE },
    summary: 'Makes a collection, by hand or by a rule',
    description:
      'A `manual` one begins empty: put products into it with `PUT /v1/admin/collections/{id}/products`. One of ' +
      'kind `rule` holds at every moment the published products that its `rule` holds for; each object of a rule ' +
      'is one condition, or `all` or `any` of several, up to 50 conditions in three groups within each other. ' +
      '`errors` says which one is wrong.\n\n' +
      'The shop shows it when it is `published`, from `publishedFrom` until `publishedUntil`.',
    answers: { 201: AdminCollectionDto },
    problems: [handle_taken, unknown_category, unknown_media],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateCollectionDto, @CurrentActor() actor: Actor): Promise<AdminCollectionDto> {
    return this.collections.create(input, actor);
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listAdminCollections',
    summary: 'Lists all collections, the newest first',
    description: 'Drafts too, and those outside of their window; filter by `status`, `kind` or `handle`.',
    answers: { 200: PageOf(AdminCollectionDto) },
    problems: [invalid_cursor],
  })
  list(@Query() query: AdminCollectionQuery): Promise<Page<AdminCollectionDto>> {
    return this.reader.adminList(query);
  }

  @Post('preview')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'previewCollection',
    example: { rule: EXAMPLE_RULE },
    summary: 'Shows what a rule would hold',
    description:
      'How many published products the rule holds for, exact up to 10,000, and the first 24 of them. ' +
      'Nothing is kept.',
    answers: { 200: CollectionPreviewDto },
    problems: [unknown_category],
    idempotency: 'accepted',
  })
  preview(@Body() { rule }: PreviewCollectionDto): Promise<CollectionPreviewDto> {
    return this.collections.preview(rule);
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getAdminCollection',
    headers: ['ETag'],
    summary: 'Shows a collection as it is kept',
    description: 'A draft too. The `ETag` goes into `If-Match` of every change.',
    answers: { 200: AdminCollectionDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<AdminCollectionDto> {
    return this.reader.admin(id);
  }

  @Patch(':id')
  @Operation({
    id: 'updateCollection',
    headers: ['ETag'],
    example: { title: 'Summer under twenty', status: 'published', sort: 'price' },
    summary: 'Changes a collection',
    description:
      'What is left out stays; null deletes. A `rule` is replaced as a whole, and holds at once. The kind ' +
      'cannot be changed. Links that use the old handle end.',
    answers: { 200: AdminCollectionDto },
    problems: [not_found, stale_version, handle_taken, unknown_category, unknown_media],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateCollectionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminCollectionDto> {
    return this.collections.update(id, input, version, actor);
  }

  @Delete(':id')
  @Operation({
    id: 'deleteCollection',
    summary: 'Deletes a collection',
    description: 'Its products stay what they are. `If-Match` takes the `version`.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.collections.delete(id, version, actor);
  }

  @Get(':id/products')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listCollectionProducts',
    summary: 'Lists the products of a collection',
    description:
      'Of a manual one in its order, drafts too; of a rule the published ones that it holds for now, in the ' +
      'order of the shop.',
    answers: { 200: PageOf(CollectionMemberDto) },
    problems: [not_found, invalid_cursor],
  })
  products(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<Page<CollectionMemberDto>> {
    return this.reader.members(id, limit, cursor);
  }

  @Put(':id/products')
  @Operation({
    id: 'setCollectionProducts',
    headers: ['ETag'],
    summary: 'Says which products a manual collection holds, in order',
    description:
      'All of them, up to 1,000; others leave. Products that keep their order keep their place, so shoppers who ' +
      'turn pages meanwhile see nothing twice that was not itself moved.',
    answers: { 200: AdminCollectionDto },
    problems: [not_found, stale_version, unknown_product, collection_has_rule],
  })
  setProducts(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { productIds }: SetCollectionProductsDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminCollectionDto> {
    return this.collections.setProducts(id, productIds, version, actor);
  }

  @Post(':id/products')
  @Operation({
    id: 'addCollectionProduct',
    headers: ['ETag'],
    summary: 'Puts a product into a manual collection',
    description:
      'At the end, or before another member; one that is in already moves there, or stays without `before`.',
    answers: { 200: AdminCollectionDto },
    problems: [not_found, stale_version, unknown_product, collection_has_rule, collection_full],
    idempotency: 'accepted',
  })
  addProduct(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: AddCollectionProductDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminCollectionDto> {
    return this.collections.addProduct(id, input, version, actor);
  }

  @Delete(':id/products/:productId')
  @Operation({
    id: 'removeCollectionProduct',
    summary: 'Takes a product out of a manual collection',
    description: 'The others keep their order. 404 when it is not in.',
    answers: { 204: null },
    problems: [not_found, stale_version, collection_has_rule],
  })
  async removeProduct(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('productId', ParseUUIDPipe) productId: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.collections.removeProduct(id, productId, version, actor);
  }
}
