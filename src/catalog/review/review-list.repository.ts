import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { IdOrHandle } from '../product/handle.js';
import { Statement } from '../search/statement.js';
import type { AdminReviewDto, AdminReviewQuery, MyReviewDto, ReviewQuery, ReviewSort } from './review.dto.js';

/** A review of a page of the shop, as JSON text; `id` is null when the product has none to show. */
export interface ShownReview {
  id: string | null;
  rating: number;
  body: string;
}

/** Reviews as they are read. */
@Injectable()
export class ReviewListRepository {
  constructor(private readonly database: Database) {}

  /** Published reviews of a published product in one round trip; no row at all when there is no such product. */
  shown(
    { id, handle }: IdOrHandle,
    { sort = '-createdAt', rating, verified }: Omit<ReviewQuery, 'limit' | 'cursor'>,
    after: { id: string; rating: number } | null,
    limit: number,
  ): Promise<ShownReview[]> {
    const statement = new Statement();
    const { order, beyond } = ORDERS[sort];
    const conditions = [
      ...(rating === undefined ? [] : [`r.rating = ${statement.bind(rating, 'int')}`]),
      ...(verified === undefined ? [] : [`r.verified = ${statement.bind(verified, 'boolean')}`]),
      ...(after === null
        ? []
        : [beyond(() => statement.bind(after.rating, 'int'), statement.bind(after.id, 'uuid'))]),
    ];
    const product =
      id === null ? `p.handle = ${statement.bind(handle, 'text')}` : `p.id = ${statement.bind(id, 'uuid')}`;
    return this.database.look<ShownReview>(
      `SELECT s.id, s.rating, s.body FROM catalog.products p LEFT JOIN LATERAL (
        SELECT r.id, r.rating, ${SHOWN}::text AS body FROM catalog.reviews r
        WHERE ${["r.product_id = p.id AND r.status = 'published'", ...conditions].join(' AND ')}
        ORDER BY ${order} LIMIT ${statement.bind(limit, 'int')}
      ) s ON true WHERE p.status = 'published' AND ${product}`,
      statement.values,
    );
  }

  /** What a customer has written, the newest first. */
  mine(customerId: string, after: string | null, limit: number): Promise<MyReviewDto[]> {
    return this.database.query<MyReviewDto>(MINE, [customerId, after, limit]);
  }

  async one(id: string): Promise<AdminReviewDto | null> {
    const [row] = await this.database.query<AdminReviewDto>(ONE, [id]);
    return row ?? null;
  }

  /** For staff, the newest first. */
  list(
    filter: Omit<AdminReviewQuery, 'limit' | 'cursor'>,
    after: string | null,
    limit: number,
  ): Promise<AdminReviewDto[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const statement = new Statement();
    const { status, productId, rating, verified } = filter;
    const conditions = [
      ...(status === undefined ? [] : [`r.status = ${statement.bind(status, 'text')}`]),
      ...(productId === undefined ? [] : [`r.product_id = ${statement.bind(productId, 'uuid')}`]),
      ...(rating === undefined ? [] : [`r.rating = ${statement.bind(rating, 'int')}`]),
      ...(verified === undefined ? [] : [`r.verified = ${statement.bind(verified, 'boolean')}`]),
      ...(after === null ? [] : [`r.id < ${statement.bind(after, 'uuid')}`]),
    ];
    return this.database.query<AdminReviewDto>(
      `${VIEW} WHERE ${['TRUE', ...conditions].join(' AND ')} ORDER BY r.id DESC LIMIT ${statement.bind(limit, 'int')}`,
      statement.values,
    );
  }
}

/** Ids are in the order in which they were made. */
const ORDERS: Record<ReviewSort, { order: string; beyond: (rating: () => string, id: string) => string }> = {
  '-createdAt': { order: 'r.id DESC', beyond: (_, id) => `r.id < ${id}` },
  '-rating': {
    order: 'r.rating DESC, r.id DESC',
    beyond: (rating, id) => `(r.rating, r.id) < (${rating()}, ${id})`,
  },
  rating: { order: 'r.rating, r.id', beyond: (rating, id) => `(r.rating, r.id) > (${rating()}, ${id})` },
};
const REPLY = `CASE WHEN r.reply IS NOT NULL
    THEN json_build_object('body', r.reply, 'at', ${instantSql('r.replied_at')}) END`;
const SHOWN = `json_build_object('id', r.id, 'rating', r.rating, 'title', r.title, 'body', r.body,
    'displayName', r.display_name, 'verified', r.verified, 'reply', ${REPLY}, 'createdAt', ${instantSql('r.created_at')})`;
const viewOf = (columns: string): string => `
  SELECT r.id, ${columns} json_build_object('id', p.id, 'handle', p.handle, 'title', p.title) AS product, r.rating, r.title,
    r.body, r.display_name AS "displayName", r.verified, r.status, r.reason, ${REPLY} AS reply, r.version,
    ${instantSql('r.created_at')} AS "createdAt", ${instantSql('r.updated_at')} AS "updatedAt"
  FROM catalog.reviews r JOIN catalog.products p ON p.id = r.product_id`;
const VIEW = viewOf('r.customer_id AS "customerId",');
const MINE = `${viewOf('')}
  WHERE r.customer_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3`;
const ONE = `${VIEW} WHERE r.id = $1`;
