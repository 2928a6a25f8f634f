import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { keyOf } from '../product/handle.js';
import type { AdminReviewDto, AdminReviewQuery, MyReviewDto, ReviewQuery } from './review.dto.js';
import { ReviewListRepository } from './review-list.repository.js';

/** Reviews as they are read. */
@Injectable()
export class ReviewReader {
  constructor(
    private readonly reviews: ReviewListRepository,
    private readonly cursors: Cursors,
  ) {}

  /** A page of the shop as JSON text; 404 when the product is not published. */
  async page(
    key: string,
    { limit, cursor, ...query }: ReviewQuery,
  ): Promise<{ json: string; nextCursor: string | null }> {
    const list = `reviews:${key}:${JSON.stringify(query)}`;
    const [id, rating] = this.cursors.decode(list, cursor) ?? [];
    const after = id === undefined ? null : { id: String(id), rating: Number(rating) };
    const rows = await this.reviews.shown(keyOf(key), query, after, limit + 1);
    if (rows.length === 0) throw platformProblems.not_found();
    const found = rows.filter((row) => row.id !== null);
    const { items, nextCursor } = this.cursors.page(list, found, limit, (row) => [row.id, row.rating]);
    const bodies = items.map(({ body }) => body).join(',');
    return { json: `{"items":[${bodies}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor };
  }

  /** 404 for what somebody else has written. */
  async mine(customerId: string, id: string): Promise<MyReviewDto> {
    const review = await this.reviews.one(id);
    if (review?.customerId !== customerId) throw platformProblems.not_found();
    const { customerId: _, ...shown } = review;
    return shown;
  }

  async listMine(customerId: string, limit: number, cursor: string | undefined): Promise<Page<MyReviewDto>> {
    const [after = null] = this.cursors.decode('my-reviews', cursor) ?? [];
    const rows = await this.reviews.mine(customerId, after as string | null, limit + 1);
    return this.cursors.page('my-reviews', rows, limit, ({ id }) => [id]);
  }

  async one(id: string): Promise<AdminReviewDto> {
    const review = await this.reviews.one(id);
    if (!review) throw platformProblems.not_found();
    return review;
  }

  async list({ limit, cursor, ...filter }: AdminReviewQuery): Promise<Page<AdminReviewDto>> {
    const list = `admin-reviews:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.reviews.list(filter, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }
}
