import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

export interface Limit {
  /** Failures that cost nothing. */
  free: number;
  /** A failure is forgotten after this many seconds without another. */
  windowSeconds: number;
  /** The wait doubles with each failure beyond the free ones, up to this many seconds. */
  maxWaitSeconds: number;
}

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
      maxWaitSeconds,
      newId(),
    ]);
    return row?.wait ?? 0;
  }

  /** The attempt was a success: the counter starts afresh. */
  async reset(bucket: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.throttles WHERE bucket = $1', [this.hashed(bucket)]);
  }

  private hashed(bucket: string): Buffer {
    return createHmac('sha256', this.key).update(bucket).digest();
  }
}

// The upsert is the count itself; a row that is blocked stays as it is, which shows in `last_attempt`.
const ATTEMPT = `
  INSERT INTO identity.throttles AS t (bucket, failures, last_failure_at, blocked_until, last_attempt)
  VALUES ($1, 1, clock_timestamp(), '-infinity', $5)
  ON CONFLICT (bucket) DO UPDATE SET
    failures = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.failures
      WHEN t.last_failure_at < clock_timestamp() - make_interval(secs => $3) THEN 1
      ELSE t.failures + 1 END,
    last_attempt = CASE WHEN t.blocked_until > clock_timestamp() THEN t.last_attempt ELSE $5 END,
    last_failure_at = CASE WHEN t.blocked_until > clock_timestamp() THEN t.last_failure_at ELSE clock_timestamp() END,
    blocked_until = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.blocked_until
      WHEN t.last_failure_at >= clock_timestamp() - make_interval(secs => $3) AND t.failures + 1 >= $2
        THEN clock_timestamp() + make_interval(secs => least(power(2, least(t.failures + 1 - $2, 20)), $4))
      ELSE '-infinity'::timestamptz END
  RETURNING CASE WHEN last_attempt = $5 THEN 0
    ELSE greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))::int END AS wait`;
