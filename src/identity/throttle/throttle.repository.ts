import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

/** After the free attempts the wait doubles with each failure; all is forgotten after a window without one. */
export interface Curve {
  free: number;
  windowSeconds: number;
  maxWaitSeconds: number;
}

/** So many attempts in a window that starts with the first of them; then nothing until it is over. */
export interface Quota {
  free: number;
  windowSeconds: number;
  maxWaitSeconds?: undefined;
}

export type Limit = Curve | Quota;

/**
 * Counters of failed attempts, in PostgreSQL and in one statement, so that parallel guesses cannot pass between a look
 * and a write (CVE-2023-47111). An attempt is counted before the password is looked at, and taken back when it was right.
 */
@Injectable()
export class ThrottleRepository {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    config: Config,
  ) {
    this.key = config.key('throttle');
  }

  /** Counts an attempt. Returns the seconds to wait; 0 lets it through. A blocked attempt is not counted. */
  async attempt(bucket: string, { free, windowSeconds, maxWaitSeconds }: Limit): Promise<number> {
    const [row] = await this.database.query<{ wait: number }>(ATTEMPT, [
      this.hashed(bucket),
      free,
      windowSeconds,
      maxWaitSeconds ?? null,
      newId(),
    ]);
    return row?.wait ?? 0;
  }

  /** The attempt was a success: the counter starts afresh. */
  async reset(bucket: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.throttles WHERE bucket = $1', [this.hashed(bucket)]);
  }

  /** The attempt was a success after all: what was counted for it is taken back, and what others failed stays. */
  async takeBack(bucket: string, { free }: Limit): Promise<void> {
    await this.database.execute(TAKE_BACK, [this.hashed(bucket), free]);
  }

  /** Drops counters that mean nothing any more: whoever guesses addresses must not fill the table. */
  forgetOld(): Promise<number> {
    return this.database.execute(FORGET);
  }

  private hashed(bucket: string): Buffer {
    return createHmac('sha256', this.key).update(bucket).digest();
  }
}

// The upsert is the count itself; a row that is blocked stays as it is, which shows in `last_attempt`. A quota has no
// longest wait ($4 is null): its window starts with the first attempt, so `last_failure_at` stays there.
const ATTEMPT = `
  INSERT INTO identity.throttles AS t (bucket, failures, last_failure_at, blocked_until, last_attempt)
  VALUES ($1, 1, statement_timestamp(), '-infinity', $5)
  ON CONFLICT (bucket) DO UPDATE SET
    failures = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.failures
      WHEN t.last_failure_at < clock_timestamp() - make_interval(secs => $3) THEN 1
      ELSE t.failures + 1 END,
    last_attempt = CASE WHEN t.blocked_until > clock_timestamp() THEN t.last_attempt ELSE $5 END,
    last_failure_at = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.last_failure_at
      WHEN $4::int IS NULL AND t.last_failure_at >= clock_timestamp() - make_interval(secs => $3) THEN t.last_failure_at
      ELSE clock_timestamp() END,
    blocked_until = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.blocked_until
      WHEN t.last_failure_at >= clock_timestamp() - make_interval(secs => $3) AND t.failures + 1 >= $2 THEN CASE
        WHEN $4::int IS NULL THEN t.last_failure_at + make_interval(secs => $3)
        ELSE clock_timestamp() + make_interval(secs => least(power(2, least(t.failures + 1 - $2, 20)), $4::int)) END
      ELSE '-infinity'::timestamptz END
  RETURNING CASE WHEN last_attempt = $5 THEN 0
    ELSE greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))::int END AS wait`;
const TAKE_BACK = `
  UPDATE identity.throttles SET failures = greatest(failures - 1, 0),
    blocked_until = CASE WHEN failures - 1 < $2 THEN '-infinity'::timestamptz ELSE blocked_until END
  WHERE bucket = $1`;
const FORGET = `
  DELETE FROM identity.throttles WHERE last_failure_at < now() - interval '1 day' AND blocked_until < now()`;
