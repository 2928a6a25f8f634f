import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { CarrierNotice } from './carrier-notice.js';
import type { TrackingStatus } from './fulfilment.js';

export interface CarrierEvent {
  carrier: string;
  eventId: string;
  trackingNumber: string;
  status: TrackingStatus;
  description: string | null;
  place: string | null;
  occurredAt: Date;
  receivedAt: Date;
  /** To the microsecond: what the cursor holds. */
  receivedKey: string;
  deliveries: number;
  conflict: boolean;
  state: 'received' | 'known' | 'orphan';
}

export interface CarrierEventFilter {
  carrier?: string;
  state?: string;
  trackingNumber?: string;
}

/** What carriers told, each event once. */
@Injectable()
export class CarrierInboxRepository {
  constructor(private readonly database: Database) {}

  /**
   * Keeps events and answers the ids of those that are new. A repeat is counted; one id with two contents is marked, and the first
   * content counts.
   */
  async keep(carrier: string, notices: readonly CarrierNotice[], at: Date): Promise<string[]> {
    const once = new Map(notices.toReversed().map((notice) => [notice.eventId, notice]));
    const rows = await this.database.query<{ id: string; isNew: boolean }>(KEEP, [
      carrier,
      JSON.stringify(
        [...once.values()].map(({ eventId, trackingNumber, occurredAt, ...rest }) => ({
          event_id: eventId,
          tracking_number: trackingNumber,
          occurred_at: occurredAt.toISOString(),
          digest: hash('sha256', JSON.stringify([trackingNumber, occurredAt, rest])),
          ...rest,
        })),
      ),
      at,
    ]);
    return rows.filter(({ isNew }) => isNew).map(({ id }) => id);
  }

  /** Fulfilments whose parcels these events are about. */
  async fulfilmentsOf(carrier: string, eventIds: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(FULFILMENTS_OF, [carrier, eventIds]);
    return rows.map(({ id }) => id);
  }

  /** Says of these events whether we know their parcel by now. */
  async sort(carrier: string, eventIds: readonly string[]): Promise<void> {
    await this.database.execute(SORT, [carrier, eventIds]);
  }

  /** What was told of the parcels of a fulfilment before we knew them is known now. */
  async adopt(fulfilmentId: string): Promise<void> {
    await this.database.execute(ADOPT, [fulfilmentId]);
  }

  /** The newest first; one row more than asked for says that there is a next page. */
  list(
    filter: CarrierEventFilter,
    after: { receivedAt: string; eventId: string } | null,
    limit: number,
  ): Promise<CarrierEvent[]> {
    const values: unknown[] = [limit + 1];
    const where = ['true'];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add((place) => `e.carrier = lower(btrim(${place}))`, filter.carrier);
    add((place) => `e.state = ${place}`, filter.state);
    add((place) => `e.tracking_key = upper(translate(${place}, ' .-', ''))`, filter.trackingNumber);
    if (after) {
      values.push(after.receivedAt, after.eventId);
      where.push(`(e.received_at, e.event_id) < ($${values.length - 1}::timestamptz, $${values.length})`);
    }
    return this.database.query<CarrierEvent>(
      `SELECT ${COLUMNS} FROM ordering.carrier_events e WHERE ${where.join(' AND ')}
       ORDER BY e.received_at DESC, e.event_id DESC LIMIT $1`,
      values,
    );
  }

  /** Forgets orphans that were received before; answers how many. */
  forgetOrphans(before: Date): Promise<number> {
    const text = `DELETE FROM ordering.carrier_events WHERE state = 'orphan' AND received_at < $1`;
    return this.database.execute(text, [before]);
  }
}

const KEEP = `
  INSERT INTO ordering.carrier_events AS e (carrier, event_id, tracking_number, status, description, place, occurred_at,
    received_at, digest, state)
  SELECT $1, n.event_id, n.tracking_number, n.status, n.description, n.place, n.occurred_at, $3, decode(n.digest, 'hex'),
    'received'
  FROM jsonb_to_recordset($2::jsonb) AS n (event_id text, tracking_number text, status text, description text, place text,
    occurred_at timestamptz, digest text)
  ORDER BY n.event_id
  ON CONFLICT ON CONSTRAINT carrier_events_pk DO UPDATE SET deliveries = e.deliveries + 1,
    conflict = e.conflict OR e.digest <> excluded.digest
  RETURNING e.event_id AS id, e.deliveries = 1 AS "isNew"`;
/** Parcels that an event may be about: of the same carrier, made no more than half a year before. */
const PARCEL = `
  ordering.fulfilment_parcels p JOIN ordering.fulfilments f ON f.id = p.fulfilment_id
  WHERE f.carrier_code = e.carrier AND p.tracking_key = e.tracking_key AND f.state <> 'canceled'
    AND f.created_at > e.received_at - interval '180 days'`;
const FULFILMENTS_OF = `
  SELECT DISTINCT x.id FROM ordering.carrier_events e, LATERAL (SELECT f.id FROM ${PARCEL}) x
  WHERE e.carrier = $1 AND e.event_id = ANY ($2::text[]) ORDER BY x.id`;
const SORT = `
  UPDATE ordering.carrier_events e SET state = CASE WHEN EXISTS (SELECT FROM ${PARCEL}) THEN 'known' ELSE 'orphan' END
  WHERE e.carrier = $1 AND e.event_id = ANY ($2::text[]) AND e.state = 'received'`;
const ADOPT = `
  UPDATE ordering.carrier_events e SET state = 'known'
  FROM ordering.fulfilments f JOIN ordering.fulfilment_parcels p ON p.fulfilment_id = f.id
  WHERE f.id = $1 AND e.carrier = f.carrier_code AND e.tracking_key = p.tracking_key AND e.state <> 'known'`;
const COLUMNS = `e.carrier, e.event_id AS "eventId", e.tracking_number AS "trackingNumber", e.status, e.description, e.place,
  e.occurred_at AS "occurredAt", e.received_at AS "receivedAt", e.received_at::text AS "receivedKey", e.deliveries, e.conflict,
  e.state`;
