import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Captures } from '../payment/capture.service.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { StaffCaptures } from '../payment/staff-captures.service.js';
import { requesterOf } from '../refund/requester.js';
import { PaymentReviewDto, type PaymentReviewQuery } from './payment-review.dto.js';
import { PaymentReviewRepository } from './payment-review.repository.js';

/** What persons decide about payments that wait for them. */
@Injectable()
export class PaymentReviews {
  constructor(
    private readonly rows: PaymentReviewRepository,
    private readonly ends: PaymentEnd,
    private readonly captures: Captures,
    private readonly steps: StaffCaptures,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** A page of them, the longest waiting first. 400 for a cursor of another list or state. */
  async list({ limit, cursor, state = 'open' }: PaymentReviewQuery): Promise<Page<PaymentReviewDto>> {
    const list = `payment-reviews:${state}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.rows.list(state, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ openedAt, paymentId }) => [
      openedAt.toISOString(),
      paymentId,
    ]);
    return { ...page, items: page.items.map((each) => PaymentReviewDto.from(each)) };
  }

  async get(paymentId: string): Promise<PaymentReviewDto> {
    const review = await this.rows.find(paymentId);
    if (review === null) throw platformProblems.not_found();
    return PaymentReviewDto.from(review);
  }

  /** The payment as it is afterwards; 202 while the gateway has not decided about the capture. */
  approve(
    paymentId: string,
    note: string | null,
    actor: Actor,
  ): Promise<{ status: 200 | 202; body: string }> {
    return this.steps.run(paymentId, 'review_approved', actor, async () => {
      const payment = await this.ends.review(paymentId, true, requesterOf(actor));
      await this.decide(paymentId, 'approved', note, actor);
      const isDue = payment.status === 'authorized' && payment.capture === 'automatic';
      return isDue ? this.captures.request(paymentId, { amount: null, final: true }) : { operationId: null };
    });
  }

  reject(paymentId: string, note: string | null, actor: Actor): Promise<{ status: 200 | 202; body: string }> {
    return this.steps.run(paymentId, 'review_rejected', actor, async () => {
      await this.ends.review(paymentId, false, requesterOf(actor));
      await this.decide(paymentId, 'rejected', note, actor);
      return { operationId: null };
    });
  }

  private decide(
    paymentId: string,
    as: 'approved' | 'rejected',
    note: string | null,
    actor: Actor,
  ): Promise<void> {
    return this.rows.decide(paymentId, { as, note, by: personId(actor), at: this.clock.now() });
  }
}
