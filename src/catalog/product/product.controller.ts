import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, SignInOptional } from '../../platform/access/access.js';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Locales } from '../../platform/http/locales.js';
import { Operation } from '../../platform/http/operation.js';
import { CachedPage, PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ProductDto, ProductPageQuery, ProductQueryOfOne, RelatedProductsDto } from './product.dto.js';
import { ProductDraftService } from '../product-draft/product-draft.service.js';
import { ProductReader } from './product.reader.service.js';

/** The product page. The list is a search without words: see search/. */
@Controller('v1/products')
@Public()
@SignInOptional()
@ApiTags('Products')
export class ProductController {
  constructor(
    private readonly reader: ProductReader,
    private readonly drafts: ProductDraftService,
    private readonly pages: PageCache,
    private readonly locales: Locales,
  ) {}

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
      'it. They are those of whoever asks: signed in, the prices of the customer groups. `tiers` cost less ' +
      'from a quantity on; `price` is that of one piece, and `promotion` what automatic promotions make of it. Put `variants[].id` into a cart: `POST /v1/carts`.',
    answers: { 200: ProductDto },
    problems: [platformProblems.not_found],
    rawJson: true,
  })
  async get(
    @Param('idOrHandle') key: string,
    @Query() { currency, locale, preview }: ProductQueryOfOne,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const locales = this.locales.serve(request, reply, locale);
    if (preview !== undefined) {
      void reply.header('cache-control', 'private, no-store');
      return this.drafts.page(key, preview, groupsOf(actor), locales, currency);
    }
    const { body, endsAt } = await this.reader.page(key, groupsOf(actor), locales, currency);
    this.pages.keepUntil(request, endsAt);
    return body;
  }

  @Get(':idOrHandle/related')
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'linen-tote', description: 'Id or handle.' })
  @Operation({
    id: 'listRelatedProducts',
    headers: ['ETag'],
    summary: 'Lists what goes with a product',
    description:
      'At most 20 products that staff have picked (`related`), in their order and as items of a list; those ' +
      'that are not published are left out. 404 when the product itself is not published.',
    answers: { 200: RelatedProductsDto },
    problems: [platformProblems.not_found],
    rawJson: true,
  })
  async related(
    @Param('idOrHandle') key: string,
    @Query() { currency, locale }: ProductPageQuery,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { body, endsAt } = await this.reader.related(
      key,
      groupsOf(actor),
      this.locales.serve(request, reply, locale),
      currency,
    );
    this.pages.keepUntil(request, endsAt);
    return body;
  }
}
