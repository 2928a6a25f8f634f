import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { bundleProblems } from '../bundle/bundle.errors.js';
import { catalogProblems } from '../catalog.errors.js';
import { productTypeProblems } from '../product-type/product-type.errors.js';
import { collectionProblems } from '../collection/collection.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import {
  AdminProductDto,
  AdminProductQuery,
  CreateProductDto,
  UpdateProductDto,
} from './admin-product.dto.js';
import { ProductReader } from './product.reader.service.js';
import { ProductService } from './product.service.js';

const {
  handle_taken,
  sku_taken,
  external_id_taken,
  unknown_category,
  unknown_location,
  stock_untracked,
  unknown_tax_class,
  compare_at_too_low,
  odd_options,
} = catalogProblems;
const { unknown_media } = mediaProblems;
const { unknown_product } = collectionProblems;
const { unknown_product_type, odd_attributes } = productTypeProblems;
const { not_found, stale_version } = platformProblems;

/** Products as staff make and change them. */
@Controller('v1/admin')
@ApiTags('Products')
export class AdminProductController {
  constructor(
    private readonly products: ProductService,
    private readonly reader: ProductReader,
    private readonly cursors: Cursors,
  ) {}

  @Post('products')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'createProduct',
    location: '/v1/admin/products/{id}',
    example: {
      handle: 'linen-tote-large',
      title: 'Linen tote, large',
      description: 'A bag for bread, books and the beach.',
      brand: 'Oak & Flax',
      status: 'published',
      options: [{ name: 'Colour', values: ['Natural', 'Black'] }],
      attributes: { material: 'linen' },
      media: [{ url: 'https://cdn.example.test/tote.jpg', alt: 'A linen tote on a chair' }],
      variants: [
        {
          sku: 'TOTE-NAT',
          title: 'Natural',
          options: { Colour: 'Natural' },
          weightGrams: 320,
          prices: [{ amount: 1999, currency: 'EUR' }],
          stock: [{ location: 'main', onHand: 50 }],
        },
      ],
    },
    headers: ['ETag'],
    summary: 'Makes a product with its variants, prices and stock',
    description:
      'One call makes something sellable: texts, variants, prices (minor units) and stock at locations. ' +
      'Everything is made or nothing. Pictures come as `url`, or as `mediaId` of an upload; those that are not ' +
      'ready show by themselves as soon as they are.\n\n' +
      'Without `status` it is a draft that no shopper sees; publish it with `PATCH ' +
      '/v1/admin/products/{id}`. Categories and locations must exist (422). 409 when the handle, a SKU ' +
      'or the external id is taken; `errors` says which. With a `productType` the `attributes` must fit it (422); without one they ' +
      'are free.',
    answers: { 201: AdminProductDto },
    problems: [
      handle_taken,
      sku_taken,
      external_id_taken,
      unknown_category,
      unknown_location,
      stock_untracked,
      unknown_tax_class,
      compare_at_too_low,
      odd_options,
      unknown_media,
      unknown_product,
      unknown_product_type,
      odd_attributes,
      bundleProblems.odd_kind,
    ],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateProductDto, @CurrentActor() actor: Actor): Promise<AdminProductDto> {
    return this.products.create(input, actor);
  }

  @Get('products')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listAdminProducts',
    summary: 'Lists products of every status, the newest first',
    description:
      'Drafts, published and archived ones; filter by `status` or by `category` with everything below ' +
      'it. Shoppers search with `GET /v1/products`.',
    answers: { 200: PageOf(AdminProductDto) },
  })
  async list(@Query() query: AdminProductQuery): Promise<Page<AdminProductDto>> {
    const { limit, cursor, ...filter } = query;
    const list = `admin-products:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.reader.adminList(filter, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  @Get('products/:id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getAdminProduct',
    headers: ['ETag'],
    summary: 'Shows a product with everything that staff may know',
    description:
      'Drafts and archived ones too, with all prices, stock by location and metadata. The `ETag` goes ' +
      'into `If-Match` of `PATCH` and `DELETE`.',
    answers: { 200: AdminProductDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<AdminProductDto> {
    return this.reader.admin(id);
  }

  @Patch('products/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updateProduct',
    example: { title: 'Linen tote, large', brand: 'Oak & Flax' },
    headers: ['ETag'],
    summary: 'Changes a product',
    description:
      'What is left out stays; null deletes. Lists and dictionaries are replaced as a whole. Variants, ' +
      'prices and stock have operations of their own. `status` `published` puts it into the shop within a second.',
    answers: { 200: AdminProductDto },
    problems: [
      not_found,
      stale_version,
      handle_taken,
      external_id_taken,
      unknown_category,
      unknown_tax_class,
      odd_options,
      unknown_media,
      unknown_product,
      unknown_product_type,
      odd_attributes,
    ],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateProductDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<AdminProductDto> {
    return this.products.update(id, input, version, actor);
  }

  @Delete('products/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'archiveProduct',
    summary: 'Takes a product out of the shop for good',
    description:
      'It is kept for the orders that name it, and listed with `status=archived`. Carts that hold it are ' +
      'told by their readiness. 409 `catalog.variant_in_bundle` while a published bundle is made of it.',
    answers: { 204: null },
    problems: [not_found, stale_version, bundleProblems.variant_in_bundle],
  })
  async archive(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.products.archive(id, version, actor);
  }
}
