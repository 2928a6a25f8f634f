import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';

/** A day of many lines. */
export interface EarnedDay {
  readonly day: string;
  readonly amount: Money;
  readonly lines: number;
}

/** So many days of one schedule are earned at once, after a time in which nothing ran. */
const DAYS_AT_ONCE = 31;

@Injectable()
export class RecognitionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Earns the days before `today` of up to so many schedules, those that are furthest behind first, in one guarded statement: what is
   * earned already is not earned again, and what somebody else is at is left to him. Answers each day and currency; none: nothing is due.
   */
  async earn(today: string, limit: number): Promise<EarnedDay[]> {
    const values = [today, limit, DAYS_AT_ONCE];
    const rows = await this.database.query<Record<'day' | 'currency' | 'amount', string> & { lines: number }>(
      EARN,
      values,
    );
    return rows.map(({ day, currency, amount, lines }) => ({
      ...{ day, lines },
      amount: Money.of(BigInt(amount), currency),
    }));
  }

  /** Whether days up to this one are not earned. */
  async isDue(until: string): Promise<boolean> {
    const rows = await this.database.query(
      'SELECT FROM billing.revenue_schedules WHERE next_day < to_day AND next_day <= $1::date LIMIT 1',
      [until],
    );
    return rows.length > 0;
  }

  async insert(id: string, { day, amount, lines }: EarnedDay, now: Date): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.revenue_recognitions (id, day, currency, amount, lines, recognised_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [id, day, amount.currency, amount.amount, lines, now],
    );
  }
}

/** SQL: what of the amount of a schedule is earned before a day begins; as `earnedBefore` counts it. */
export const earnedBy = (day: string): string => `
  div(2 * s.amount::numeric * (${day} - s.from_day) + (s.to_day - s.from_day), 2 * (s.to_day - s.from_day))::bigint`;

// A schedule that was cut may have earned a cent too early: it waits until its days have caught up with it.
const EARN = `
  WITH due AS (
    SELECT id, currency, amount, from_day, to_day, next_day, earned, least(to_day, $1::date, next_day + $3::int) AS until
    FROM billing.revenue_schedules WHERE next_day < to_day AND next_day < $1::date
    ORDER BY next_day, currency, id LIMIT $2 FOR UPDATE SKIP LOCKED
  ), counted AS (
    SELECT s.currency, d.day::date AS day,
      greatest(s.earned, ${earnedBy('(d.day::date + 1)')}) - greatest(s.earned, ${earnedBy('d.day::date')}) AS earned
    FROM due s CROSS JOIN LATERAL generate_series(s.next_day::timestamp, s.until - interval '1 day', '1 day') AS d (day)
  ), moved AS (
    UPDATE billing.revenue_schedules AS one SET next_day = s.until, earned = greatest(s.earned, ${earnedBy('s.until')})
    FROM due s WHERE one.id = s.id
  )
  SELECT day::text AS day, currency, sum(earned)::text AS amount, (count(*) FILTER (WHERE earned <> 0))::int AS lines
  FROM counted GROUP BY 1, 2 ORDER BY 1, 2`;
