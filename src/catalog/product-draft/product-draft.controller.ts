import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { collectionProblems } from '../collection/collection.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import { AdminProductDto, UpdateProductDto } from '../product/admin-product.dto.js';
import { productTypeProblems } from '../product-type/product-type.errors.js';
import { ProductDraftDto, PublishDraftDto } from './product-draft.dto.js';
import { productDraftProblems } from './product-draft.errors.js';
import { ProductDraftService } from './product-draft.service.js';

const { not_found, stale_version } = platformProblems;
/** What a change of a product can be refused for. */
const refusals = [
  catalogProblems.handle_taken,
  catalogProblems.external_id_taken,
  catalogProblems.unknown_category,
  catalogProblems.unknown_tax_class,
  catalogProblems.odd_options,
  mediaProblems.unknown_media,
  collectionProblems.unknown_product,
  productTypeProblems.unknown_product_type,
  productTypeProblems.odd_attributes,
];

@Controller('v1/admin/products/:id/draft')
@ApiTags('Products')
export class ProductDraftController {
  constructor(private readonly drafts: ProductDraftService) {}

  @Put()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'setProductDraft',
    headers: ['ETag'],
    example: { title: 'Linen tote, woven anew' },
    summary: 'Prepares a change of a product',
    description:
      'Takes what `PATCH /v1/admin/products/{id}` takes and refuses what it refuses, but the shop stays as it ' +
      'is until the draft is published. A product has one draft at most; another one replaces it. `If-Match` takes ' +
      'the version of the draft. The answer shows what would differ.',
    answers: { 200: ProductDraftDto },
    problems: [not_found, stale_version, ...refusals],
  })
  put(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateProductDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<ProductDraftDto> {
    return this.drafts.put(id, input, version, actor);
  }

  @Get()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'getProductDraft',
    headers: ['ETag'],
    summary: 'Shows the draft of a product, and what it would make',
    description:
      '`preview` is the whole product as it would be, `before` and `after` what differs. `problem` says why it ' +
      'cannot be published any more. `previewToken` shows the page in the shop: ' +
      '`GET /v1/products/{idOrHandle}?preview=`. 404 when there is no draft.',
    answers: { 200: ProductDraftDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<ProductDraftDto> {
    return this.drafts.get(id, actor);
  }

  @Delete()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'deleteProductDraft',
    summary: 'Throws the draft of a product away',
    description: 'The product stays as it is. `If-Match` takes the version of the draft.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.drafts.delete(id, version, actor);
  }

  @Post('publication')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'publishProductDraft',
    headers: ['ETag'],
    example: { force: true },
    summary: 'Publishes the draft of a product',
    description:
      'The change happens as if it were sent to `PATCH` now, all of it or nothing, and the draft is gone. 409 ' +
      '`catalog.draft_outdated` when the product has changed since the draft began; `force`, or `If-Match` with ' +
      'the present version of the product, publishes it all the same. Send `draftVersion`, so that what is published is ' +
      'what was looked at: 412 when the draft is another one by now.',
    answers: { 200: AdminProductDto },
    problems: [not_found, stale_version, productDraftProblems.draft_outdated, ...refusals],
    idempotency: 'accepted',
  })
  publish(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: PublishDraftDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminProductDto> {
    return this.drafts.publish(id, input, version, actor);
  }
}
