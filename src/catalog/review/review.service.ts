import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Clock, realNow } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { keyOf } from '../product/handle.js';
import { PurchaseRepository } from '../purchase/purchase.repository.js';
import type { MyReviewDto, UpdateReviewDto, WriteReviewDto } from './review.dto.js';
import { reviewProblems } from './review.errors.js';
import { ReviewReader } from './review.reader.service.js';
import { type Review, ReviewRepository } from './review.repository.js';
import { ReviewShelf } from './review-shelf.service.js';

/** Reviews that one customer may write or change in a day, by UTC. */
export const WRITES_PER_DAY = 20;
const DAY_SECONDS = 86_400;

/** Reviews as their authors write them. Nothing that they write is shown before somebody has read it. */
@Injectable()
export class ReviewService {
  constructor(
    private readonly database: Database,
    private readonly reviews: ReviewRepository,
    private readonly purchases: PurchaseRepository,
    private readonly reader: ReviewReader,
    private readonly shelf: ReviewShelf,
    private readonly clock: Clock,
  ) {}

  /** `key` is the id or handle of a published product. 409 when the customer has written about it, 429 after too many. */
  write(key: string, input: WriteReviewDto, { id: customerId }: PersonActor): Promise<MyReviewDto> {
    return this.database.transaction(async () => {
      await this.admit(customerId);
      const productId = await this.reviews.holdProduct(keyOf(key));
      if (productId === null) throw platformProblems.not_found();
      const review: Review = {
        id: newId(),
        productId,
        customerId,
        rating: input.rating,
        title: textOf(input.title),
        body: textOf(input.body),
        displayName: textOf(input.displayName),
        verified: await this.purchases.hasBought(customerId, productId),
        status: 'pending',
        reason: null,
        reply: null,
        repliedAt: null,
        version: 1,
        updatedAt: this.clock.now(),
      };
      if (!(await this.reviews.insert(review))) {
        const reviewId = await this.reviews.idOf(customerId, productId);
        throw reviewProblems.already_reviewed(undefined, { extra: { reviewId } });
      }
      return this.reader.mine(customerId, review.id);
    });
  }

  /** It waits to be read again, and is not shown until then; what changes nothing leaves it as it is. */
  change(
    id: string,
    input: UpdateReviewDto,
    version: number | null,
    { id: customerId }: PersonActor,
  ): Promise<MyReviewDto> {
    return this.database.transaction(async () => {
      await this.admit(customerId);
      const review = await this.own(id, customerId, version);
      const { rating = review.rating, title, body, displayName } = input;
      const changed: Review = {
        ...review,
        rating,
        title: title === undefined ? review.title : textOf(title),
        body: body === undefined ? review.body : textOf(body),
        displayName: displayName === undefined ? review.displayName : textOf(displayName),
      };
      if (JSON.stringify(changed) !== JSON.stringify(review)) {
        const waiting: Review = {
          ...changed,
          status: 'pending',
          reason: null,
          updatedAt: this.clock.now(),
        };
        await this.reviews.update(waiting);
        await this.shelf.put(review, waiting);
      }
      return this.reader.mine(customerId, id);
    });
  }

  async delete(id: string, version: number | null, { id: customerId }: PersonActor): Promise<void> {
    await this.database.transaction(async () => {
      const review = await this.own(id, customerId, version);
      await this.reviews.delete(id);
      await this.shelf.put(review, null);
    });
  }

  private async own(id: string, customerId: string, version: number | null): Promise<Review> {
    const review = await this.reviews.lock(id);
    if (review?.customerId !== customerId) throw platformProblems.not_found();
    requireVersion(version, review.version);
    return review;
  }

  private async admit(customerId: string): Promise<void> {
    const seconds = Math.floor(realNow().getTime() / 1_000);
    if (await this.reviews.admit(customerId, Math.floor(seconds / DAY_SECONDS), WRITES_PER_DAY)) return;
    throw platformProblems.too_many_requests(`At most ${WRITES_PER_DAY} reviews can be written in a day.`, {
      retryAfter: DAY_SECONDS - (seconds % DAY_SECONDS),
    });
  }
}

/** Nothing but blanks says nothing. */
const textOf = (text: string | null | undefined): string | null => {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
};
