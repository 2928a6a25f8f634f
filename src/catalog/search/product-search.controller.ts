import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, SignInOptional } from '../../platform/access/access.js';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { Locales } from '../../platform/http/locales.js';
import { linkNext } from '../../platform/http/page.js';
import { CachedPage, PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SearchLog } from '../search-log/search-log.service.js';
import { ProductPageDto } from './product-page.dto.js';
import { ProductQuery } from './product-query.dto.js';
import { ProductSearchService } from './product-search.service.js';

@ApiTags('Products')
@Controller('v1/products')
@Public()
@SignInOptional()
export class ProductSearchController {
  constructor(
    private readonly search: ProductSearchService,
    private readonly pages: PageCache,
    private readonly searches: SearchLog,
    private readonly locales: Locales,
  ) {}

  @Get()
  @CachedPage()
  @Operation({
    id: 'listProducts',
    headers: ['ETag'],
    summary: 'List or search products',
    description:
      'Keyset pages of published products; prices in `currency` or in the currency of the store, in ' +
      'minor units. Filters of one facet mean "or", of several "and"; `facets=true` counts what else ' +
      'could be chosen. `collection` goes together with every filter, facet and order; without `sort` its products come ' +
      'in the order that it has. Signed in, the prices are those of the customer groups; the filter, the counts and ' +
      'the order by price go by the base price, whatever a promotion (`variants[].promotion`) makes of it.\n\n' +
      'Words in `q` are stemmed, accents do not matter; with fewer than 24 products that have all words, ' +
      'those that have some follow, unless `q` quotes a phrase or forbids a word. The last word may be half a word; ' +
      'another that no product has is taken for a typing error. Synonyms of staff are found too, and what they have ' +
      'pinned to the query comes first. At most 2,000 matches are ranked, those in title, brand and SKU first; of words ' +
      'that more than 20,000 products have, those among the first 10,000 products of the shop. With a `locale` words are ' +
      'looked for in its texts, cut as that language cuts them; synonyms and pins are those of the shop.',
    answers: { 200: ProductPageDto },
    problems: [platformProblems.invalid_cursor, platformProblems.not_found],
    rawJson: true,
  })
  async list(
    @Query() query: ProductQuery,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { json, nextCursor, until, searched } = await this.search.page(
      query,
      groupsOf(actor),
      this.locales.serve(request, reply, query.locale),
    );
    this.pages.keepUntil(request, until);
    if (searched) {
      const note = () => this.searches.note(searched.q, searched.inVain);
      note();
      this.pages.whenShown(request, note);
    }
    linkNext(request, reply, nextCursor);
    return json;
  }
}
