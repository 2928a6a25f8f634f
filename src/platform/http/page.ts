import { createHmac, timingSafeEqual } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Config } from '../config.js';
import { Instant, Integer, Text } from './fields.js';
import { platformProblems } from './problem.js';

/** What every list takes. Extend it with the filters of the list; anything else in the query is refused. */
export class PageQuery {
  @Integer({ min: 1, max: 100, default: 24, optional: true, description: 'Items on the page.' })
  limit: number = 24;

  @Text({ max: 1000, optional: true, description: '`nextCursor` of the page before.' })
  cursor?: string;
}

/** A filter by time, `createdAt[gte]=…&createdAt[lte]=…`. */
export class InstantRange {
  @Instant({ optional: true })
  gte?: string;

  @Instant({ optional: true })
  lte?: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** The answer of a list of `item`. */
export function PageOf<T>(item: new () => T): new () => Page<T> {
  class PageDto implements Page<T> {
    @ApiProperty({ type: item, isArray: true })
    items: T[];

    @ApiProperty({
      type: 'string',
      nullable: true,
      description: 'Pass it as `cursor` for the next page; null at the end.',
    })
    nextCursor: string | null;
  }
  Object.defineProperty(PageDto, 'name', { value: `${item.name.replace(/Dto$/, '')}PageDto` });
  pages.add(PageDto);
  return PageDto;
}

const pages = new WeakSet();

/** Whether `PageOf` made it. */
export const isPage = (answer: unknown): boolean => typeof answer === 'function' && pages.has(answer);

/** Names the next page in `Link` (RFC 8288): the same list with the same filters, after this page. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const next = new URL(request.url, 'http://shop');
  next.searchParams.set('cursor', nextCursor);
  void reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
}

/** Sends the `Link` of every list that answers a `Page`; `@Operation` puts it there. */
@Injectable()
export class NextLinkInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<Page<unknown>>): Observable<Page<unknown>> {
    const http = context.switchToHttp();
    return next.handle().pipe(
      map((page) => {
        linkNext(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), page.nextCursor);
        return page;
      }),
    );
  }
}

type Key = (string | number | null)[];

/**
 * Keyset cursors. A cursor holds the sort key of the last row and belongs to one list and sort order; it is
 * signed, so that nobody can make the database compare what it should not.
 */
@Injectable()
export class Cursors {
  private readonly key: Buffer;

  constructor(config: Config) {
    this.key = config.key('cursor');
  }

  encode(list: string, key: Key): string {
    const body = Buffer.from(JSON.stringify(key)).toString('base64url');
    return `${body}.${this.sign(list, body)}`;
  }

  /** The sort key that the page starts after, or null for the first page. `list` names list, sort and filters. */
  decode(list: string, cursor: string | undefined): Key | null {
    if (cursor === undefined) return null;
    const [body = '', signature = ''] = cursor.split('.');
    const expected = Buffer.from(this.sign(list, body));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given))
      throw platformProblems.invalid_cursor();
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Key;
  }

  /** A page from `limit + 1` rows: the row too many says that there is a next page. */
  page<T>(list: string, rows: T[], limit: number, keyOf: (row: T) => Key): Page<T> {
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { items, nextCursor: more ? this.encode(list, keyOf(last)) : null };
  }

  private sign(list: string, body: string): string {
    return createHmac('sha256', this.key).update(`${list}\n${body}`).digest('base64url').slice(0, 22);
  }
}
