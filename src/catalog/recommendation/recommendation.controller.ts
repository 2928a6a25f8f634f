import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, SignInOptional } from '../../platform/access/access.js';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Locales } from '../../platform/http/locales.js';
import { Operation } from '../../platform/http/operation.js';
import { CachedPage, PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { RecommendationQuery, RecommendationsDto } from './recommendation.dto.js';
import { RecommendationService } from './recommendation.service.js';

@Controller('v1/products')
@Public()
@SignInOptional()
@ApiTags('Recommendations')
export class RecommendationController {
  constructor(
    private readonly recommendations: RecommendationService,
    private readonly pages: PageCache,
    private readonly locales: Locales,
  ) {}

  @Get(':idOrHandle/recommendations')
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'linen-tote', description: 'Id or handle.' })
  @Operation({
    id: 'listRecommendations',
    headers: ['ETag'],
    summary: 'Recommends what goes with a product',
    description:
      'Each with its reasons, and nothing without one. First what was **bought together** with it: in at least two orders of ' +
      'the last 180 days, the closest first, `n(both) / sqrt(n(one) · n(other))`; a job counts every five minutes, and of ' +
      'one product the latest 5,000 orders. Then what is **similar**: it shares brand, category, attributes or words of the ' +
      'title, and what is rarer in the shop weighs more (`ln(1 + products / products that have it)`). Products are ' +
      'compared that share one of the rarest things, as many of these as some 1,000 products have together; at least a ' +
      'tenth of the whole weight must be shared.\n\n' +
      'Published products only and never the product itself. Who asks makes no difference but for the prices. The answer ' +
      'may be ten minutes old.',
    answers: { 200: RecommendationsDto },
    problems: [platformProblems.not_found],
    rawJson: true,
  })
  async list(
    @Param('idOrHandle') key: string,
    @Query() query: RecommendationQuery,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const locales = this.locales.serve(request, reply, query.locale);
    const { json, until } = await this.recommendations.page(key, query, groupsOf(actor), locales);
    this.pages.keepUntil(request, until);
    return json;
  }
}
