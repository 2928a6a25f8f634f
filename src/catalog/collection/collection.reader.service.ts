import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { keyOf } from '../product/handle.js';
import type { AdminCollectionDto, AdminCollectionQuery, CollectionMemberDto } from './collection.dto.js';
import { CollectionRepository, type LiveCollection } from './collection.repository.js';

/** JSON text, and until when it stays as it is if nobody changes anything. */
export interface TimedPage {
  json: string;
  until: Date | null;
}

/** Collections as they are read. */
@Injectable()
export class CollectionReader {
  constructor(
    private readonly collections: CollectionRepository,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** What the products of a collection are found by; `key` is an id or a handle. 404 when the shop does not show it now. */
  async live(key: string): Promise<LiveCollection> {
    const live = await this.collections.live(keyOf(key), this.clock.now());
    if (!live) throw platformProblems.not_found('The collection does not exist.');
    return live;
  }

  async page(key: string, locales: readonly string[]): Promise<TimedPage> {
    const page = await this.collections.page(keyOf(key), this.clock.now(), locales);
    if (!page) throw platformProblems.not_found();
    return { json: page.body, until: page.until };
  }

  async list(
    limit: number,
    cursor: string | undefined,
    locales: readonly string[],
  ): Promise<TimedPage & { nextCursor: string | null }> {
    const [after = null] = this.cursors.decode('collections', cursor) ?? [];
    const { rows, until } = await this.collections.shown(
      after as string | null,
      limit + 1,
      this.clock.now(),
      locales,
    );
    const { items, nextCursor } = this.cursors.page('collections', rows, limit, ({ id }) => [id]);
    const bodies = items.map(({ body }) => body).join(',');
    return { json: `{"items":[${bodies}],"nextCursor":${JSON.stringify(nextCursor)}}`, until, nextCursor };
  }

  async admin(id: string): Promise<AdminCollectionDto> {
    const collection = await this.collections.admin(id);
    if (!collection) throw platformProblems.not_found();
    return collection;
  }

  async adminList({ limit, cursor, ...filter }: AdminCollectionQuery): Promise<Page<AdminCollectionDto>> {
    const list = `admin-collections:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.collections.adminList(filter, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  /** Products of a collection for staff, drafts among them when it is a manual one. */
  async members(id: string, limit: number, cursor: string | undefined): Promise<Page<CollectionMemberDto>> {
    const { rule } = await this.admin(id);
    const list = `collection-products:${id}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.collections.members({ id, rule }, after, limit + 1, this.clock.now());
    const { items, nextCursor } = this.cursors.page(list, rows, limit, ({ place, id }) => [place, id]);
    return {
      items: items.map(({ id, handle, title, status }) => ({ id, handle, title, status })),
      nextCursor,
    };
  }
}
