import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CreateProductTypeDto, ProductTypeDto, UpdateProductTypeDto } from './product-type.dto.js';
import { productTypeProblems } from './product-type.errors.js';
import { ProductTypeService } from './product-type.service.js';

const { not_found, stale_version, conflict } = platformProblems;
const { product_type_in_use } = productTypeProblems;
const EXAMPLE_ATTRIBUTES = [
  {
    ...{ code: 'fabric', label: 'Fabric', kind: 'enum', required: true },
    options: [
      { value: 'linen', label: 'Linen' },
      { value: 'cotton', label: 'Cotton' },
    ],
  },
  { code: 'volume', label: 'Volume', kind: 'number', unit: 'l' },
];

@Controller('v1/admin/product-types')
@ApiTags('Product types')
export class ProductTypeController {
  constructor(
    private readonly types: ProductTypeService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listProductTypes',
    summary: 'Lists the product types',
    description: 'The newest first, with their attributes.',
    answers: { 200: PageOf(ProductTypeDto) },
  })
  async list(@Query() { cursor, limit }: PageQuery): Promise<Page<ProductTypeDto>> {
    const [after = null] = this.cursors.decode('product-types', cursor) ?? [];
    const rows = await this.types.list(after as string | null, limit + 1);
    return this.cursors.page('product-types', rows, limit, ({ id }) => [id]);
  }

  @Post()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'createProductType',
    location: '/v1/admin/product-types/{id}',
    example: { code: 'bag', title: 'Bag', attributes: EXAMPLE_ATTRIBUTES },
    headers: ['ETag'],
    summary: 'Makes a product type',
    description:
      'A product names it by `productType`; from then on its `attributes` are those of the type, each of ' +
      'the kind that the type says. Labels name the facets of lists, `attributes[code]` filters by them, and ' +
      'numbers by `attributes[code][gte]=` and `[lte]=`. The code stays; 409 when there is a type of this code.',
    answers: { 201: ProductTypeDto },
    problems: [conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateProductTypeDto, @CurrentActor() actor: Actor): Promise<ProductTypeDto> {
    return this.types.create(input, actor);
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getProductType',
    headers: ['ETag'],
    summary: 'Shows a product type',
    description: 'With its attributes in their order. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: ProductTypeDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<ProductTypeDto> {
    return this.types.get(id);
  }

  @Patch(':id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updateProductType',
    headers: ['ETag'],
    example: { title: 'Bags and totes' },
    summary: 'Changes a product type',
    description:
      '`attributes` replaces all of them. What is left out or asks for more must fit the products that ' +
      'there are: 409 `catalog.product_type_in_use` when one has a value that the type would not take any ' +
      'more, or lacks one that is required now; `products` says how many. Labels, units, order and what ' +
      'counts as a facet change freely.',
    answers: { 200: ProductTypeDto },
    problems: [not_found, stale_version, product_type_in_use],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateProductTypeDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<ProductTypeDto> {
    return this.types.update(id, input, version, actor);
  }

  @Delete(':id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'deleteProductType',
    summary: 'Deletes a product type',
    description: '409 `catalog.product_type_in_use` while a product has it that is not archived.',
    answers: { 204: null },
    problems: [not_found, stale_version, product_type_in_use],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.types.delete(id, version, actor);
  }
}
