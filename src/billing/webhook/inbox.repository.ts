import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { GatewayNotice } from '../gateway/payment-gateway.port.js';

export interface InboxRow {
  readonly event_id: string;
  readonly object_ref: string;
  readonly operation_id: string | null;
  readonly tries: number;
}

/** A notice as staff see it. */
export interface Notice extends InboxRow {
  readonly type: string;
  readonly status: string;
  readonly deliveries: number;
  readonly failures: number;
  readonly last_error: string | null;
  readonly next_try_at: Date | null;
  readonly received_at: Date;
}

/** Notices of gateways, each kept once, with what has become of it. */
@Injectable()
export class InboxRepository {
  constructor(private readonly database: Database) {}

  /**
   * Keeps notices and answers the ids of those that are new and still have something to tell. One that only repeats
   * what its operation knows already is done on arrival; one id with two contents is a conflict for a person, also when
   * both stand among these notices.
   */
  async keep(gateway: string, notices: readonly GatewayNotice[], receivedAt: Date): Promise<string[]> {
    const rows = await this.database.query<{ event_id: string }>(KEEP, [
      gateway,
      JSON.stringify(
        notices.map((notice) => ({
          event_id: notice.eventId,
          type: notice.type,
          object_ref: notice.ref,
          operation_id: notice.operationId,
          object_version: notice.version,
          digest: notice.digest,
          created_at: notice.createdAt,
        })),
      ),
      receivedAt,
    ]);
    return rows.map(({ event_id }) => event_id);
  }

  /** A notice that waits for its work; null when it is done or not here. */
  async waiting(gateway: string, eventId: string): Promise<InboxRow | null> {
    const [row] = await this.database.query<InboxRow>(
      `SELECT event_id, object_ref, operation_id, tries FROM billing.gateway_events
        WHERE gateway = $1 AND event_id = $2 AND status = 'received'`,
      [gateway, eventId],
    );
    return row ?? null;
  }

  /** Notices whose next try is due: their object was unknown, their work failed, or nobody has worked them. */
  async due(gateway: string, now: Date, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ event_id: string }>(
      `SELECT event_id FROM billing.gateway_events
        WHERE gateway = $1 AND status = 'received' AND next_try_at <= $2 ORDER BY next_try_at LIMIT $3`,
      [gateway, now, limit],
    );
    return rows.map(({ event_id }) => event_id);
  }

  /** It was worked; unless it became a conflict meanwhile, which stays for a person. */
  async done(gateway: string, eventId: string): Promise<void> {
    await this.database.execute(
      `UPDATE billing.gateway_events SET status = 'done', next_try_at = NULL, last_error = NULL
        WHERE gateway = $1 AND event_id = $2 AND status = 'received'`,
      [gateway, eventId],
    );
  }

  /** Forgets what is long done; what waits for a person stays. */
  async forgetDone(before: Date): Promise<number> {
    return this.database.execute(
      `DELETE FROM billing.gateway_events WHERE status = 'done' AND received_at < $1`,
      [before],
    );
  }

  /** Nobody here knows the object yet: another try later, or none any more. */
  async unknownObject(gateway: string, eventId: string, nextTryAt: Date | null): Promise<void> {
    await this.database.execute(
      `UPDATE billing.gateway_events
          SET tries = tries + 1, next_try_at = $3, status = CASE WHEN $3::timestamptz IS NULL THEN 'orphan' ELSE status END
        WHERE gateway = $1 AND event_id = $2 AND status = 'received'`,
      [gateway, eventId, nextTryAt],
    );
  }

  /**
   * Working it failed: another try after a pause that grows with every failure, `pauses` in seconds, and none any more
   * after the last of them. Answers whether it is stuck now.
   */
  async failed(
    gateway: string,
    eventId: string,
    error: string,
    pauses: readonly number[],
    now: Date,
  ): Promise<boolean> {
    const [row] = await this.database.query<{ status: string }>(
      `UPDATE billing.gateway_events
          SET failures = failures + 1, last_error = $3,
            next_try_at = $5::timestamptz + make_interval(secs => ($4::float8[])[failures + 1]),
            status = CASE WHEN failures >= cardinality($4::float8[]) THEN 'stuck' ELSE status END
        WHERE gateway = $1 AND event_id = $2 AND status = 'received' RETURNING status`,
      [gateway, eventId, error.slice(0, 500), pauses, now],
    );
    return row?.status === 'stuck';
  }

  /** Notices that failed or wait for a person, newest first, from behind `after`. */
  async troubled(
    gateway: string,
    status: string | null,
    after: [string, string] | null,
    limit: number,
  ): Promise<Notice[]> {
    const [receivedAt, eventId] = after ?? [null, null];
    return this.database.query<Notice>(
      `SELECT ${NOTICE} FROM billing.gateway_events
        WHERE status <> 'done' AND (status <> 'received' OR failures > 0) AND gateway = $1
          AND ($2::text IS NULL OR status = $2)
          AND ($3::timestamptz IS NULL OR (received_at, event_id) < ($3, $4))
        ORDER BY received_at DESC, event_id DESC LIMIT $5`,
      [gateway, status, receivedAt, eventId, limit],
    );
  }

  /** A person says why nothing has to be done about a notice; null when it is done or not here. */
  async dismiss(gateway: string, eventId: string, reason: string): Promise<Notice | null> {
    const [row] = await this.database.query<Notice>(
      `UPDATE billing.gateway_events SET status = 'done', next_try_at = NULL, dismissal = $3
        WHERE gateway = $1 AND event_id = $2 AND status IN ('orphan', 'conflict', 'stuck') RETURNING ${NOTICE}`,
      [gateway, eventId, reason],
    );
    return row ?? null;
  }

  /** Forgets the failures of a notice and makes it due; null when it is done or not here. */
  async startOver(gateway: string, eventId: string, now: Date): Promise<Notice | null> {
    const [row] = await this.database.query<Notice>(
      `UPDATE billing.gateway_events
          SET status = 'received', tries = 0, failures = 0, last_error = NULL, next_try_at = $3
        WHERE gateway = $1 AND event_id = $2 AND status <> 'done' RETURNING ${NOTICE}`,
      [gateway, eventId, now],
    );
    return row ?? null;
  }
}

const NOTICE = `event_id, object_ref, operation_id, tries, type, status, deliveries, failures, last_error, next_try_at,
  received_at`;

// One statement must not touch a row twice, so a gateway that repeats an id among its notices is counted here.
const KEEP = `
  WITH told AS (
    SELECT DISTINCT ON (event_id) n.*, count(*) OVER same AS deliveries, min(digest) OVER same <> max(digest) OVER same AS is_two
      FROM jsonb_to_recordset($2) AS n (event_id text, type text, object_ref text, operation_id uuid,
        object_version bigint, digest text, created_at timestamptz)
    WINDOW same AS (PARTITION BY event_id)
  ), kept AS (
    INSERT INTO billing.gateway_events AS e
      (gateway, event_id, type, object_ref, operation_id, object_version, digest, deliveries, created_at, received_at, next_try_at, status)
    SELECT $1, event_id, type, object_ref, operation_id, object_version, digest, deliveries, created_at, $3,
      CASE WHEN NOT is_two THEN $3::timestamptz + interval '5 minutes' END,
      CASE WHEN is_two THEN 'conflict' WHEN EXISTS (
        SELECT FROM billing.operations o
         WHERE o.id = told.operation_id AND o.gateway_version >= told.object_version AND o.status IN ('succeeded', 'failed')
      ) THEN 'done' ELSE 'received' END
      FROM told
    ON CONFLICT (gateway, event_id) DO UPDATE
      SET deliveries = e.deliveries + excluded.deliveries,
        status = CASE WHEN e.digest = excluded.digest AND excluded.status <> 'conflict' THEN e.status ELSE 'conflict' END,
        next_try_at = CASE WHEN e.digest = excluded.digest AND excluded.status <> 'conflict' THEN e.next_try_at END
    RETURNING event_id, status, xmax = 0 AS is_new
  )
  SELECT event_id FROM kept WHERE is_new AND status = 'received'`;
