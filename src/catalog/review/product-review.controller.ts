import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, InPerson, Permissions, Public } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { linkNext } from '../../platform/http/page.js';
import { CachedPage } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { MyReviewDto, ProductReviewsDto, ReviewQuery, WriteReviewDto } from './review.dto.js';
import { reviewProblems } from './review.errors.js';
import { ReviewReader } from './review.reader.service.js';
import { ReviewService } from './review.service.js';

const { invalid_cursor, not_found, too_many_requests } = platformProblems;

@Controller('v1/products/:idOrHandle/reviews')
@ApiTags('Reviews')
export class ProductReviewController {
  constructor(
    private readonly reader: ReviewReader,
    private readonly reviews: ReviewService,
  ) {}

  @Get()
  @Public()
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'linen-tote', description: 'Id or handle.' })
  @Operation({
    id: 'listProductReviews',
    headers: ['ETag'],
    summary: 'Lists what customers say of a product',
    description:
      'What the shop has published, with the names that its authors chose and nothing else about them; the rating of all ' +
      'of them together stands in the product. `verified` says that whoever wrote it has bought the product here. Somebody ' +
      'who asked to be forgotten leaves the stars alone. The texts are plain: show them as text.',
    answers: { 200: ProductReviewsDto },
    problems: [not_found, invalid_cursor],
    rawJson: true,
  })
  async list(
    @Param('idOrHandle') key: string,
    @Query() query: ReviewQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { json, nextCursor } = await this.reader.page(key, query);
    linkNext(request, reply, nextCursor);
    return json;
  }

  @Post()
  @InPerson()
  @Permissions('account:self')
  @ApiParam({ name: 'idOrHandle', example: 'linen-tote', description: 'Id or handle.' })
  @Operation({
    id: 'writeReview',
    location: '/v1/me/reviews/{id}',
    headers: ['ETag'],
    summary: 'Writes a review of a product',
    description:
      'One of each product: 409 `catalog.already_reviewed` names the one that there is. It is `pending` until somebody of ' +
      'the shop has read it. Whether its author has bought the product is looked up, and again when the product is bought ' +
      'later or an order is canceled. 20 reviews can be written or changed in a day (UTC), then 429.',
    answers: { 201: MyReviewDto },
    problems: [not_found, too_many_requests, reviewProblems.already_reviewed],
    idempotency: 'accepted',
  })
  write(
    @Param('idOrHandle') key: string,
    @Body() input: WriteReviewDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<MyReviewDto> {
    return this.reviews.write(key, input, actor);
  }
}
