import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { GatewayNotice } from '../gateway/payment-gateway.port.js';

export interface InboxRow {
  readonly event_id: string;
  readonly object_ref: string;
  readonly operation_id: string | null;
  readonly tries: number;
}

/** Notices of gateways, each kept once, with what has become of it. */
@Injectable()
export class InboxRepository {
  constructor(private readonly database: Database) {}

  /**
   * Keeps notices and answers the ids of those that are new and still have something to tell. One that only repeats
   * what its operation knows already is done on arrival; one id with two contents is a conflict for a person.
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

  /** Notices whose object was unknown when they came, and whose next try is due. */
  async due(gateway: string, now: Date, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ event_id: string }>(
      `SELECT event_id FROM billing.gateway_events
        WHERE gateway = $1 AND status = 'received' AND next_try_at <= $2 ORDER BY next_try_at LIMIT $3`,
      [gateway, now, limit],
    );
    return rows.map(({ event_id }) => event_id);
  }

  async done(gateway: string, eventId: string): Promise<void> {
    await this.database.execute(
      `UPDATE billing.gateway_events SET status = 'done', next_try_at = NULL WHERE gateway = $1 AND event_id = $2`,
      [gateway, eventId],
    );
  }

  /** Forgets what is long done; orphans and conflicts stay until a person has looked. */
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
}

const KEEP = `
  WITH told AS (
    SELECT * FROM jsonb_to_recordset($2) AS n (event_id text, type text, object_ref text, operation_id uuid,
      object_version bigint, digest text, created_at timestamptz)
  ), kept AS (
    INSERT INTO billing.gateway_events AS e
      (gateway, event_id, type, object_ref, operation_id, object_version, digest, created_at, received_at, next_try_at, status)
    SELECT $1, event_id, type, object_ref, operation_id, object_version, digest, created_at, $3,
      $3::timestamptz + interval '5 minutes',
      CASE WHEN EXISTS (
        SELECT FROM billing.operations o
         WHERE o.id = told.operation_id AND o.gateway_version >= told.object_version AND o.status IN ('succeeded', 'failed')
      ) THEN 'done' ELSE 'received' END
      FROM told
    ON CONFLICT (gateway, event_id) DO UPDATE
      SET deliveries = e.deliveries + 1, status = CASE WHEN e.digest = excluded.digest THEN e.status ELSE 'conflict' END
    RETURNING event_id, status, xmax = 0 AS is_new
  )
  SELECT event_id FROM kept WHERE is_new AND status = 'received'`;
