import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

/** After the free attempts the wait doubles with each failure; the wait is forgotten after a window without one. */
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

/** What became of an attempt that was counted. */
export interface Counted {
  /** Seconds to wait; 0 lets it through. */
  wait: number;
  /** What is left of a quota, this attempt counted, and the seconds until it starts afresh. */
  remaining: number;
  resetSeconds: number;
}

/** The counters of one sign-in: of the network that it comes from, and of the address that it is for. */
export interface SignInBuckets {
  network: string;
  account: string;
}

/** NIST 800-63B 5.2.2 and OWASP: wait longer after each failure, never longer than a quarter of an hour. */
export const PER_NETWORK: Quota = { free: 30, windowSeconds: 900 };
export const FREE_ATTEMPTS = { unknownDevice: 5, knownDevice: 10 } as const;
/** So many failures in a row, however long they took, and passwords open nothing until a new one is set by mail. */
const HARD_CAP = 100;
const FORGET_WAIT_SECONDS = 86_400;
const MAX_WAIT_SECONDS = 900;

/**
 * Counters of failed attempts, in PostgreSQL and in one statement, so that parallel guesses cannot pass between a look
 * and a write (CVE-2023-47111). An attempt is counted before the password is looked at, and taken back when it was
 * right. They do not wait for the disk: a crash loses the counts of its last moment.
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

  /** Counts an attempt. A blocked attempt is not counted. */
  async attempt(bucket: string, { free, windowSeconds, maxWaitSeconds }: Curve | Quota): Promise<Counted> {
    const values = [newId(), this.hashed(bucket), free, windowSeconds, maxWaitSeconds ?? null];
    const [row] = await this.database.query<Counted>(ATTEMPT, values);
    return row ?? NOTHING;
  }

  /** Seconds to wait before the next attempt, without counting one; 0: none. */
  async waitOf(bucket: string): Promise<number> {
    const [row] = await this.database.query<{ wait: number }>(WAIT, [this.hashed(bucket)]);
    return row?.wait ?? 0;
  }

  /**
   * Counts a sign-in, for its network and, unless that is stopped, for its address: a network that is stopped must not
   * go on locking out the owners of addresses. `capped`: the password must not be looked at any more.
   */
  async signIn(
    { network, account }: SignInBuckets,
    freeOfAccount: number,
  ): Promise<{ network: Counted; wait: number; capped: boolean }> {
    const [row] = await this.database.query<Counted & { accountWait: number | null; inARow: number | null }>(
      SIGN_IN,
      [
        newId(),
        this.hashed(network),
        PER_NETWORK.free,
        PER_NETWORK.windowSeconds,
        null,
        this.hashed(account),
        freeOfAccount,
        FORGET_WAIT_SECONDS,
        MAX_WAIT_SECONDS,
      ],
    );
    const { accountWait, inARow, ...counted } = row ?? { ...NOTHING, accountWait: null, inARow: null };
    return { network: counted, wait: counted.wait || (accountWait ?? 0), capped: (inARow ?? 0) > HARD_CAP };
  }

  /**
   * The sign-in was right: its address starts afresh, and what was counted for its network is taken back while what
   * others failed there stays. Returns how often the address had failed before, to one of several at once.
   */
  async settle({ network, account }: SignInBuckets): Promise<number> {
    const values = [this.hashed(network), PER_NETWORK.free, this.hashed(account)];
    const [row] = await this.database.query<{ failures: number }>(SETTLE, values);
    return Math.max(0, (row?.failures ?? 0) - 1);
  }

  /** The counters start afresh. */
  async reset(buckets: string[]): Promise<void> {
    await this.database.execute('DELETE FROM identity.throttles WHERE bucket = ANY ($1::bytea[])', [
      buckets.map((bucket) => this.hashed(bucket)),
    ]);
  }

  /** Drops counters that mean nothing any more: whoever guesses addresses must not fill the table. */
  forgetOld(): Promise<number> {
    return this.database.execute(FORGET, [HARD_CAP]);
  }

  private hashed(bucket: string): Buffer {
    return createHmac('sha256', this.key).update(bucket).digest();
  }
}

const NOTHING: Counted = { wait: 0, remaining: 0, resetSeconds: 0 };

/**
 * The upsert is the count itself; a row that is blocked stays as it is, which shows in `last_attempt`. A quota has no
 * longest wait (it is null): its window starts with the first attempt, so `last_failure_at` stays there, and it counts
 * nothing in a row.
 */
const count = (bucket: string, free: string, window: string, maxWait: string, from: string) => `
  INSERT INTO identity.throttles AS t (bucket, failures, in_a_row, last_failure_at, blocked_until, last_attempt)
  SELECT ${bucket}::bytea, 1, CASE WHEN ${maxWait}::int IS NULL THEN 0 ELSE 1 END, clock_timestamp(), '-infinity', $1::uuid FROM ${from}
  ON CONFLICT (bucket) DO UPDATE SET
    failures = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.failures
      WHEN t.last_failure_at < clock_timestamp() - make_interval(secs => ${window}) THEN 1
      ELSE t.failures + 1 END,
    in_a_row = t.in_a_row + CASE WHEN ${maxWait}::int IS NULL OR t.blocked_until > clock_timestamp() THEN 0 ELSE 1 END,
    last_attempt = CASE WHEN t.blocked_until > clock_timestamp() THEN t.last_attempt ELSE $1 END,
    last_failure_at = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.last_failure_at
      WHEN ${maxWait}::int IS NULL AND t.last_failure_at >= clock_timestamp() - make_interval(secs => ${window}) THEN t.last_failure_at
      ELSE clock_timestamp() END,
    blocked_until = CASE
      WHEN t.blocked_until > clock_timestamp() THEN t.blocked_until
      WHEN t.last_failure_at >= clock_timestamp() - make_interval(secs => ${window}) AND t.failures + 1 >= ${free}::int THEN CASE
        WHEN ${maxWait}::int IS NULL THEN t.last_failure_at + make_interval(secs => ${window})
        ELSE clock_timestamp() + make_interval(secs => least(power(2, least(t.failures + 1 - ${free}::int, 20)), ${maxWait}::int)) END
      ELSE '-infinity'::timestamptz END
  RETURNING in_a_row, greatest(0, ${free}::int - failures) AS remaining,
    greatest(1, ceil(extract(epoch FROM last_failure_at - clock_timestamp()) + ${window}::int))::int AS reset_seconds,
    CASE WHEN last_attempt = $1 THEN 0
      ELSE greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))::int END AS wait`;
const QUICKLY = `(SELECT set_config('synchronous_commit', 'off', true)) AS quickly`;
const FIRST = `first AS (${count('$2', '$3', '$4', '$5', QUICKLY)})`;
const ATTEMPT = `
  WITH ${FIRST} SELECT wait, remaining, reset_seconds AS "resetSeconds" FROM first`;
const WAIT = `
  SELECT greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))::int AS wait FROM identity.throttles
  WHERE bucket = $1 AND blocked_until > clock_timestamp()`;
// The second count reads from the first, which is what makes it come after it: always network before account.
const SIGN_IN = `
  WITH ${FIRST},
  second AS (${count('$6', '$7', '$8', '$9', 'first WHERE first.wait = 0')})
  SELECT first.wait, first.remaining, first.reset_seconds AS "resetSeconds", second.wait AS "accountWait", second.in_a_row AS "inARow"
  FROM first LEFT JOIN second ON true`;
// The same order, or two sign-ins could wait for each other.
const SETTLE = `
  WITH network AS (
    UPDATE identity.throttles SET failures = greatest(failures - 1, 0),
      blocked_until = CASE WHEN failures - 1 < $2 THEN '-infinity'::timestamptz ELSE blocked_until END
    WHERE bucket = $1 RETURNING 1
  )
  DELETE FROM identity.throttles WHERE bucket = $3 AND (SELECT count(*) FROM network) >= 0 RETURNING in_a_row AS failures`;
// Failures in a row are kept for a month, and for good once they have reached the cap: only a new password lifts it.
const FORGET = `
  DELETE FROM identity.throttles WHERE blocked_until < now() AND in_a_row < $1
    AND last_failure_at < now() - CASE WHEN in_a_row = 0 THEN interval '1 day' ELSE interval '30 days' END`;
