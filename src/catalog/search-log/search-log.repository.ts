import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface CountedQuery {
  query: string;
  searches: number;
  withoutResults: number;
  lastSeen: Date;
}

/** Different queries that are kept of one day; those that come later that day are not. */
const PER_DAY = 5_000;

@Injectable()
export class SearchLogRepository {
  constructor(private readonly database: Database) {}

  /** Adds up what was counted on a day, in one statement. */
  async add(day: string, counted: CountedQuery[]): Promise<void> {
    await this.database.execute(ADD, [
      day,
      counted.map(({ query }) => query),
      counted.map(({ searches }) => searches),
      counted.map(({ withoutResults }) => withoutResults),
      counted.map(({ lastSeen }) => lastSeen),
    ]);
  }

  /** Queries since a day, the most frequent first; `inVain` counts searches without results alone. */
  list(
    since: string,
    inVain: boolean,
    after: [count: number, query: string] | null,
    limit: number,
  ): Promise<CountedQuery[]> {
    return this.database.query<CountedQuery>(LIST, [since, inVain, after?.[0], after?.[1], limit]);
  }

  async forgetBefore(day: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.search_queries WHERE day < $1::date', [day]);
  }
}

// In the order of the queries: two processes that add at once do not wait for each other in a circle.
const ADD = `
  INSERT INTO catalog.search_queries AS q (day, query, searches, without_results, last_seen)
  SELECT $1::date, u.query, u.searches, u.without_results, u.last_seen
  FROM unnest($2::text[], $3::int[], $4::int[], $5::timestamptz[]) u (query, searches, without_results, last_seen)
  WHERE (SELECT count(*) FROM catalog.search_queries WHERE day = $1::date) < ${PER_DAY}
    OR EXISTS (SELECT FROM catalog.search_queries k WHERE k.day = $1::date AND k.query = u.query)
  ORDER BY u.query
  ON CONFLICT (day, query) DO UPDATE SET searches = q.searches + excluded.searches,
    without_results = q.without_results + excluded.without_results, last_seen = greatest(q.last_seen, excluded.last_seen)`;

const LIST = `
  SELECT * FROM (
    SELECT query, sum(searches)::int AS searches, sum(without_results)::int AS "withoutResults", max(last_seen) AS "lastSeen",
      CASE WHEN $2::boolean THEN sum(without_results) ELSE sum(searches) END::int AS count
    FROM catalog.search_queries WHERE day >= $1::date GROUP BY query
  ) q
  WHERE count > 0 AND ($3::int IS NULL OR count < $3 OR (count = $3 AND query > $4::text))
  ORDER BY count DESC, query LIMIT $5`;
