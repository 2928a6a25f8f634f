import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { type CountedQuery, SearchLogRepository } from './search-log.repository.js';

/** How often what was counted is written. */
const FLUSH_MS = 10_000;
/** Different queries counted in between; others are not. */
const MOST = 1_000;
const LONGEST = 100;
const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;
/** Who types an address, a telephone number or the number of a card has mistaken the field, and it is nobody's business. */
const PERSONAL = /@|\d(?:[\s().\/-]*\d){6,}/;

/**
 * What shoppers search for, and what in vain. Counted in memory and written in one statement every few seconds: a search
 * writes nothing. What a process has counted when it is killed is lost; the figures are for staff and not for the books.
 */
@Injectable()
export class SearchLog implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger('search-log');
  private counted = new Map<string, CountedQuery>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly queries: SearchLogRepository,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** Somebody has searched for `q`; `inVain`: nothing was found, and no filter was the reason. */
  note(q: string, inVain: boolean): void {
    const query = normalised(q);
    if (query === '' || PERSONAL.test(q)) return;
    const known = this.counted.get(query);
    if (!known && this.counted.size >= MOST) return;
    this.counted.set(query, {
      query,
      searches: (known?.searches ?? 0) + 1,
      withoutResults: (known?.withoutResults ?? 0) + (inVain ? 1 : 0),
      lastSeen: this.clock.now(),
    });
  }

  /** Writes what this process has counted. What cannot be written now is let go: the store must not fill up with it. */
  async flush(): Promise<void> {
    if (this.counted.size === 0) return;
    const due = [...this.counted.values()];
    this.counted = new Map();
    try {
      await this.queries.add(dayOf(this.clock.now()), due);
    } catch (error) {
      this.log.warn({ err: error }, 'searches were not counted');
    }
  }

  /** Queries of the last 30 days, the most frequent first. */
  async list(
    inVain: boolean,
    after: [count: number, query: string] | null,
    limit: number,
  ): Promise<CountedQuery[]> {
    await this.flush();
    return this.queries.list(this.firstDay(), inVain, after, limit);
  }

  async forgetOld(): Promise<void> {
    await this.queries.forgetBefore(this.firstDay());
  }

  private firstDay(): string {
    return dayOf(new Date(this.clock.now().getTime() - KEPT_DAYS * DAY_MS));
  }
}

const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

/** Case, accents and spaces do not make another query. */
function normalised(q: string): string {
  const plain = q.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  // By characters and not by halves of them, which PostgreSQL does not take.
  return [...plain.replace(/[\s\p{Cc}]+/gu, ' ').trim()].slice(0, LONGEST).join('');
}
