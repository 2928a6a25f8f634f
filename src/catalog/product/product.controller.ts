import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { CachedPage } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrencyQuery, ProductDto } from './product.dto.js';
import { ProductReader } from './product.reader.service.js';

/** The product page. The list is a search without words: see search/. */
@Controller('v1/products')
@Public()
@ApiTags('Products')
export class ProductController {
  constructor(private readonly reader: ProductReader) {}

  @Get(':idOrHandle')
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'linen-tote', description: 'Id or handle.' })
  @Operation({
    id: 'getProduct',
    headers: ['ETag'],
    summary: 'Shows a product with all its variants',
    description:
      'By id or by handle, when it is published; 404 for a draft or an archived one. Prices are in ' +
      '`currency` or else in the currency of the store; `price` is null for a variant that has none in ' +
      'it. Put `variants[].id` into a cart: `POST /v1/carts`.',
    answers: { 200: ProductDto },
    problems: [platformProblems.not_found],
    rawJson: true,
  })
  get(@Param('idOrHandle') key: string, @Query() { currency }: CurrencyQuery): Promise<string> {
    return this.reader.page(key, currency);
  }
}
