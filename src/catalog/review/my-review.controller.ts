import { Body, Controller, Delete, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { MyReviewDto, ReviewParams, UpdateReviewDto } from './review.dto.js';
import { ReviewReader } from './review.reader.service.js';
import { ReviewService } from './review.service.js';

const { not_found, stale_version, too_many_requests } = platformProblems;

@Controller('v1/me/reviews')
@Permissions('account:self')
@ApiTags('Reviews')
export class MyReviewController {
  constructor(
    private readonly reader: ReviewReader,
    private readonly reviews: ReviewService,
  ) {}

  @Get()
  @Operation({
    id: 'listMyReviews',
    summary: 'Lists the reviews that I have written',
    description: 'The newest first, whatever became of them; a rejected one says why.',
    answers: { 200: PageOf(MyReviewDto) },
  })
  list(
    @CurrentActor() actor: PersonActor,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<Page<MyReviewDto>> {
    return this.reader.listMine(actor.id, limit, cursor);
  }

  @Get(':id')
  @Operation({
    id: 'getMyReview',
    headers: ['ETag'],
    summary: 'Shows a review of mine',
    description: 'One review with its version. Somebody else’s is answered like none: 404.',
    answers: { 200: MyReviewDto },
    problems: [not_found],
  })
  get(@Param() { id }: ReviewParams, @CurrentActor() actor: PersonActor): Promise<MyReviewDto> {
    return this.reader.mine(actor.id, id);
  }

  @Patch(':id')
  @InPerson()
  @Operation({
    id: 'updateMyReview',
    headers: ['ETag'],
    summary: 'Changes a review of mine',
    description:
      'What is left out stays, null takes a text away. It is `pending` again and not shown until somebody has read it; its ' +
      'stars count again from then on. `If-Match` takes the `version`. Counts among the 20 of a day.',
    answers: { 200: MyReviewDto },
    problems: [not_found, stale_version, too_many_requests],
  })
  update(
    @Param() { id }: ReviewParams,
    @Body() input: UpdateReviewDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: PersonActor,
  ): Promise<MyReviewDto> {
    return this.reviews.change(id, input, version, actor);
  }

  @Delete(':id')
  @InPerson()
  @Operation({
    id: 'deleteMyReview',
    summary: 'Deletes a review of mine',
    description: 'Its stars count no more. `If-Match` takes the `version`. Another one can be written then.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async delete(
    @Param() { id }: ReviewParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: PersonActor,
  ): Promise<void> {
    await this.reviews.delete(id, version, actor);
  }
}
