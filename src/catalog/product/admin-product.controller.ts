import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import {
  AdminProductDto,
  AdminProductQuery,
  CreateProductDto,
  UpdateProductDto,
  UpdateVariantDto,
  VariantInputDto,
} from './product.dto.js';
import { ProductReader } from './product.reader.service.js';
import { ProductService } from './product.service.js';

const {
  handle_taken,
  sku_taken,
  external_id_taken,
  unknown_category,
  unknown_location,
  unknown_tax_class,
  compare_at_too_low,
  odd_options,
} = catalogProblems;
const { unknown_media } = mediaProblems;
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
      'or the external id is taken; `errors` says which.',
    answers: { 201: AdminProductDto },
    problems: [
      handle_taken,
      sku_taken,
      external_id_taken,
      unknown_category,
      unknown_location,
      unknown_tax_class,
      compare_at_too_low,
      odd_options,
      unknown_media,
    ],
    idempotency: 'accepted',
  })
  async create(
    @Body() input: CreateProductDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    return tagged(reply, await this.products.create(input, actor));
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
  async get(
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    return tagged(reply, await this.reader.admin(id));
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
    ],
  })
  async update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateProductDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    return tagged(reply, await this.products.update(id, input, version, actor));
  }

  @Delete('products/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'archiveProduct',
    summary: 'Takes a product out of the shop for good',
    description:
      'It is kept for the orders that name it, and listed with `status=archived`. Carts that hold it are ' +
      'told by their readiness.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async archive(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.products.archive(id, version, actor);
  }

  @Post('products/:id/variants')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'addVariant',
    example: {
      sku: 'TOTE-BLK',
      title: 'Black',
      options: { Colour: 'Black' },
      weightGrams: 320,
      prices: [{ amount: 1999, currency: 'EUR' }],
      stock: [{ location: 'main', onHand: 50 }],
    },
    headers: ['ETag'],
    summary: 'Adds a variant to a product',
    description:
      'With its prices (minor units) and stock at once; answers the whole product, the new variant among ' +
      'its `variants`. 409 `catalog.sku_taken` when another variant has the SKU.',
    answers: { 201: AdminProductDto },
    problems: [not_found, sku_taken, unknown_location, compare_at_too_low, odd_options, unknown_media],
    idempotency: 'accepted',
  })
  async addVariant(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: VariantInputDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    return tagged(reply, await this.products.addVariant(id, input, actor));
  }

  @Patch('variants/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updateVariant',
    headers: ['ETag'],
    summary: 'Changes a variant',
    description:
      '`If-Match` takes the version of the variant, `variants[].version` of its product; the `ETag` of the ' +
      'answer is the new one. Prices and stock have operations of their own.\n\n' +
      'One that is `retired` cannot be bought any more; carts that hold it are told by their readiness, ' +
      'and their checkout is refused. 409 `catalog.stock_promised` when a lower `backorderLimit` would ' +
      'break a promise.',
    answers: { 200: AdminProductDto },
    problems: [
      not_found,
      stale_version,
      sku_taken,
      catalogProblems.stock_promised,
      odd_options,
      unknown_media,
    ],
  })
  async updateVariant(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateVariantDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    const product = await this.products.updateVariant(id, input, version, actor);
    // Of the variant and not of the product that is shown: the tag is for the next change under this address.
    return tagged(reply, product, product.variants.find((variant) => variant.id === id)?.version);
  }
}

function tagged(
  reply: FastifyReply,
  product: AdminProductDto,
  version: number = product.version,
): AdminProductDto {
  void reply.header('etag', etagOfVersion(version));
  return product;
}
