import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { AdminReviewDto, DecideReviewDto, ReplyToReviewDto } from './review.dto.js';
import { ReviewReader } from './review.reader.service.js';
import { type Review, ReviewRepository } from './review.repository.js';
import { ReviewShelf } from './review-shelf.service.js';

/** What staff do with reviews: they decide whether the shop shows them, and they answer. */
@Injectable()
export class ModerationService {
  constructor(
    private readonly database: Database,
    private readonly reviews: ReviewRepository,
    private readonly reader: ReviewReader,
    private readonly shelf: ReviewShelf,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** A decision can be taken back by the other one. What was decided already stays as it is, without a trace. */
  decide(
    id: string,
    { decision, reason: given }: DecideReviewDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminReviewDto> {
    const reason = given?.trim() ?? '';
    if ((decision === 'rejected') !== (reason !== ''))
      throw platformProblems.invalid_input('A rejection needs a reason, and nothing else has one.', {
        errors: [
          { pointer: '/reason', code: 'odd_reason', message: 'must be there for `rejected`, and only then' },
        ],
      });
    return this.write(id, version, actor, decision, (review) => ({
      ...review,
      status: decision,
      reason: decision === 'rejected' ? reason : null,
    }));
  }

  /** Shown with the review as long as that is. */
  reply(
    id: string,
    { body }: ReplyToReviewDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminReviewDto> {
    const text = body?.trim() ?? '';
    const reply = text === '' ? null : text;
    const what = reply === null ? 'reply_removed' : 'replied';
    return this.write(id, version, actor, what, (review) =>
      review.reply === reply
        ? review
        : { ...review, reply, repliedAt: reply === null ? null : this.clock.now() },
    );
  }

  private write(
    id: string,
    version: number | null,
    actor: Actor,
    what: string,
    next: (review: Review) => Review,
  ): Promise<AdminReviewDto> {
    return this.database.transaction(async () => {
      const review = await this.reviews.lock(id);
      if (!review) throw platformProblems.not_found();
      requireVersion(version, review.version);
      const changed = next(review);
      if (JSON.stringify(changed) !== JSON.stringify(review)) {
        await this.reviews.update(changed);
        await this.shelf.put(review, changed);
        this.audit.record({
          actor,
          action: `catalog.review.${what}`,
          subjectType: 'review',
          subjectId: id,
          details: { productId: review.productId, rating: review.rating, before: review.status },
        });
      }
      return this.reader.one(id);
    });
  }
}
