import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { FeedDto } from './feed.dto.js';

export interface Feed {
  id: string;
  name: string;
  currency: string;
  linkTemplate: string;
}

@Injectable()
export class FeedRepository {
  constructor(private readonly database: Database) {}

  async add({ id, name, currency, linkTemplate }: Feed, tokenHash: Buffer, now: Date): Promise<void> {
    await this.database.execute(
      `INSERT INTO catalog.feeds (id, name, currency, link_template, token_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [id, name, currency, linkTemplate, tokenHash, now],
    );
  }

  async find(id: string): Promise<FeedDto | null> {
    const [row] = await this.database.query<{ json: FeedDto }>(`${SHOWN} WHERE f.id = $1`, [id]);
    return row?.json ?? null;
  }

  async list(after: string | null, limit: number): Promise<FeedDto[]> {
    const rows = await this.database.query<{ json: FeedDto }>(
      `${SHOWN} WHERE $1::uuid IS NULL OR f.id < $1 ORDER BY f.id DESC LIMIT $2`,
      [after, limit],
    );
    return rows.map(({ json }) => json);
  }

  async idOf(tokenHash: Buffer): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      'SELECT id FROM catalog.feeds WHERE token_hash = $1',
      [tokenHash],
    );
    return row?.id ?? null;
  }

  /** False when there is no such feed. */
  async setToken(id: string, tokenHash: Buffer): Promise<boolean> {
    const set = 'UPDATE catalog.feeds SET token_hash = $2, version = version + 1 WHERE id = $1';
    return (await this.database.execute(set, [id, tokenHash])) === 1;
  }

  /** False when there is no such feed. Its files expire by themselves. */
  async delete(id: string): Promise<boolean> {
    return (await this.database.execute('DELETE FROM catalog.feeds WHERE id = $1', [id])) === 1;
  }

  /** Feeds of which no new file is being written. */
  due(): Promise<Feed[]> {
    return this.database.query<Feed>(
      `SELECT id, name, currency, link_template AS "linkTemplate" FROM catalog.feeds f WHERE NOT EXISTS (
         SELECT FROM catalog.exports e WHERE e.feed_id = f.id AND e.state IN ('pending', 'running')) ORDER BY id`,
    );
  }
}

const SHOWN = `
  SELECT json_build_object('id', f.id, 'name', f.name, 'currency', f.currency, 'linkTemplate', f.link_template,
    'itemCount', coalesce(e.rows, 0), 'refreshedAt', ${instantSql('e.finished_at')}, 'createdAt', ${instantSql('f.created_at')}) AS json
  FROM catalog.feeds f LEFT JOIN LATERAL (
    SELECT rows, finished_at FROM catalog.exports e WHERE e.feed_id = f.id AND e.state = 'finished' ORDER BY id DESC LIMIT 1
  ) e ON true`;
