import { Controller, Delete, Get, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { ListOf, Uuid } from '../../platform/http/fields.js';
import { Locales } from '../../platform/http/locales.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ProductListItemDto, ProductPageQuery } from '../product/product.dto.js';
import { RecentlyViewedService } from './recently-viewed.service.js';

class RecentlyViewedParams {
  @Uuid()
  productId: string;
}

export class RecentlyViewedDto {
  @ListOf(() => ProductListItemDto, { max: 50 })
  items: ProductListItemDto[];
}

@Controller('v1/me/recently-viewed')
@Permissions('account:self')
@ApiTags('Recommendations')
export class RecentlyViewedController {
  constructor(
    private readonly viewed: RecentlyViewedService,
    private readonly locales: Locales,
  ) {}

  @Get()
  @Operation({
    id: 'listRecentlyViewed',
    summary: 'Lists the products that I have looked at',
    description:
      'The last first, at most fifty, in `currency` or that of the store; what the shop shows no more is missing. Only what ' +
      'was put here is here: reading a product page leaves no trace.',
    answers: { 200: RecentlyViewedDto },
    rawJson: true,
  })
  list(
    @CurrentActor() actor: PersonActor,
    @Query() { currency, locale }: ProductPageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.viewed.list(actor, this.locales.serve(request, reply, locale), currency);
  }

  @Put(':productId')
  @InPerson()
  @Operation({
    id: 'addRecentlyViewed',
    summary: 'Remembers that I have looked at a product',
    description:
      'Puts it first; the oldest of more than fifty leaves. The storefront says so, and only of somebody who is signed in. ' +
      'Guests are not followed: their storefront keeps the ids itself and asks `GET /v1/products?ids=…&ids=…`.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async add(@Param() { productId }: RecentlyViewedParams, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.viewed.add(actor, productId);
  }

  @Delete()
  @InPerson()
  @Operation({
    id: 'clearRecentlyViewed',
    summary: 'Forgets what I have looked at',
    description: 'All of it, at once and for good.',
    answers: { 204: null },
  })
  async clear(@CurrentActor() actor: PersonActor): Promise<void> {
    await this.viewed.clear(actor);
  }
}
