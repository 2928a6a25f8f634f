import { Header, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Clock, realNow } from '../clock.js';
import { Config } from '../config.js';
import { etagOfBody, matches } from './etag.js';
import { Locales, varyBy } from './locales.js';

interface ReadyPage {
  /** Bytes and not text: a text would be counted and encoded again for every answer. */
  body: Buffer;
  etag: string;
  /** `Link` to the next page. */
  link: string | undefined;
  language: string | undefined;
  /** Whoever prefers another language may get another answer. */
  byLanguage: boolean;
  /** When its request came: what it says of stock was read later. */
  madeAt: number;
  /** From here on, in business time, it says something else though nobody has changed anything. */
  until: Date | null;
  /** Told whenever it is shown again. */
  shown: (() => void) | null;
}

/** When a request came, and how often everything had been dropped by then. */
type Candidate = FastifyRequest & {
  cacheCandidate?: { generation: number; at: number; until: Date | null; shown: (() => void) | null };
};

/** Bodies kept, the longest unused goes first; with pages of some 20 kB about 80 MB at the worst. */
const MAX_PAGES = 4_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** How old a page may be in what it says about stock. */
const STOCK_LAG_MS = 1_000;
const MAX_AGE = 5;
const STALE = 30;
const CACHE_CONTROL = `public, max-age=${MAX_AGE}, stale-while-revalidate=${STALE}`;
const BY_LANGUAGE = 'Accept-Language';
/** For whoever is signed in: groups have prices of their own. */
const PRIVATE = 'private, no-cache';

/** Marks a GET handler with ready JSON text that is the same for everybody: it is kept. */
export const CachedPage = () => Header('cache-control', CACHE_CONTROL);

/**
 * Ready bodies of public catalog pages with their ETag, by URL and language. Content that changed drops everything at once;
 * stock that moved lets a page live for at most another second, because checkout and not the page is the truth. A page with
 * an end (a price that holds until then) is not shown beyond it, here or in a cache on the way.
 * Requests with a sign-in pass by: what they see may differ.
 */
@Injectable()
export class PageCache {
  private readonly pages = new Map<string, ReadyPage>();
  private bytes = 0;
  private stockMovedAt = 0;
  /** Counts drops, so that a page whose SQL began before a drop is not kept after it. */
  private generation = 0;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly locales: Locales,
  ) {}

  dropAll(): void {
    this.pages.clear();
    this.bytes = 0;
    this.generation++;
  }

  /** The answer of this request holds until then, in business time; null when only a change can end it. */
  keepUntil(request: FastifyRequest, until: Date | null): void {
    const { cacheCandidate } = request as Candidate;
    if (cacheCandidate) cacheCandidate.until = until;
  }

  /** Hears of each time that the answer of this request is shown to another one. */
  whenShown(request: FastifyRequest, shown: () => void): void {
    const { cacheCandidate } = request as Candidate;
    if (cacheCandidate) cacheCandidate.shown = shown;
  }

  touchStock(): void {
    this.stockMovedAt = realNow().getTime();
  }

  /** Answers what is kept before routing, and keeps what marked handlers answer. */
  install(server: FastifyInstance): void {
    server.addHook('onRequest', (request, reply, done) => {
      if (!isCandidate(request)) return done();
      const page = this.find(this.keyOf(request));
      if (page === undefined) {
        (request as Candidate).cacheCandidate = {
          generation: this.generation,
          at: realNow().getTime(),
          until: null,
          shown: null,
        };
        return done();
      }
      page.shown?.();
      void reply.header('etag', page.etag).header('cache-control', this.cacheControl(page.until));
      if (page.byLanguage) varyBy(reply, BY_LANGUAGE);
      if (page.language !== undefined) void reply.header('content-language', page.language);
      // A cache on the way must not give the page of the public to a member of a group.
      varyBy(reply, 'Authorization');
      if (page.link !== undefined) void reply.header('link', page.link);
      if (matches(request.headers['if-none-match'], page.etag)) void reply.code(304).send();
      else void reply.header('content-type', 'application/json; charset=utf-8').send(page.body);
    });
    server.addHook('onSend', (request, reply, payload, done) => {
      if (
        typeof payload !== 'string' ||
        reply.getHeader('cache-control') !== CACHE_CONTROL ||
        reply.hasHeader('etag')
      ) {
        return done();
      }
      // Encoded once, for the hash, the memory and the socket.
      const body = Buffer.from(payload);
      const etag = etagOfBody(body);
      const { cacheCandidate } = request as Candidate;
      const signedIn = request.headers.authorization !== undefined;
      void reply.header(
        'cache-control',
        signedIn ? PRIVATE : this.cacheControl(cacheCandidate?.until ?? null),
      );
      const language = reply.getHeader('content-language') as string | undefined;
      const byLanguage = String(reply.getHeader('vary')).includes(BY_LANGUAGE);
      // A cache on the way must not give the page of the public to a member of a group.
      varyBy(reply, 'Authorization');
      if (reply.statusCode === 200 && cacheCandidate?.generation === this.generation) {
        const link = reply.getHeader('link') as string | undefined;
        const { at, until, shown } = cacheCandidate;
        // Named now and not when it came: which languages there are is known better.
        const key = this.keyOf(request);
        this.keep(key, { body, etag, link, language, byLanguage, madeAt: at, until, shown });
      }
      void reply.header('etag', etag);
      if (!matches(request.headers['if-none-match'], etag)) return done(null, body);
      void reply.code(304).removeHeader('content-length');
      done(null, '');
    });
  }

  /** Answers of one key are alike: one URL, in one language where the header chooses. */
  private keyOf(request: FastifyRequest): string {
    const locale = this.locales.accepted(request);
    return locale === null ? request.url : `${request.url} ${locale}`;
  }

  private cacheControl(until: Date | null): string {
    if (until === null) return CACHE_CONTROL;
    const left = Math.max(0, Math.floor((until.getTime() - this.clock.now().getTime()) / 1_000));
    if (left >= MAX_AGE + STALE) return CACHE_CONTROL;
    return `public, max-age=${Math.min(MAX_AGE, left)}, stale-while-revalidate=${Math.max(0, left - MAX_AGE)}`;
  }

  private find(url: string): ReadyPage | undefined {
    const page = this.pages.get(url);
    if (page === undefined) return undefined;
    this.forget(url, page);
    if (page.until !== null && page.until <= this.clock.now()) return undefined;
    // Stock moved since this page was made: it may be shown until it is a second old.
    if (page.madeAt <= this.stockMovedAt && realNow().getTime() - page.madeAt >= STOCK_LAG_MS)
      return undefined;
    // Put back at the end: the map is in the order of use.
    this.remember(url, page);
    return page;
  }

  private keep(url: string, page: ReadyPage): void {
    const old = this.pages.get(url);
    if (old) this.forget(url, old);
    if (!this.config.pageCache) return;
    this.remember(url, page);
    for (const [oldest, unused] of this.pages) {
      if (this.pages.size <= MAX_PAGES && this.bytes <= MAX_BYTES) break;
      this.forget(oldest, unused);
    }
  }

  private remember(url: string, page: ReadyPage): void {
    this.pages.set(url, page);
    this.bytes += page.body.length;
  }

  private forget(url: string, page: ReadyPage): void {
    this.pages.delete(url);
    this.bytes -= page.body.length;
  }
}

function isCandidate({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.authorization === undefined;
}
