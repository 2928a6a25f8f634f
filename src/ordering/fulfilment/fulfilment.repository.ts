import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { Fulfilment, FulfilmentState, Shipment, TrackingEvent } from './fulfilment.js';

/** Who did it and when: a line of the history of a fulfilment. */
export interface Step {
  actor: Actor;
  at: Date;
  note?: string | null;
}

export interface StepTaken {
  at: Date;
  event: string;
  actorKind: string;
  actorId: string | null;
  note: string | null;
}

/** Fulfilments with the counters of the order lines; CHECKs keep a piece from being planned or sent twice. */
@Injectable()
export class FulfilmentRepository {
  constructor(private readonly database: Database) {}

  /** Written as planned, or as sent at once. */
  async insert(
    orderId: string,
    fulfilment: Shipment & Pick<Fulfilment, 'id' | 'state' | 'location' | 'locationName' | 'lines' | 'picks'>,
    step: Step,
  ): Promise<void> {
    const { lines, picks } = fulfilment;
    await this.database.execute(INSERT, [
      fulfilment.id,
      orderId,
      fulfilment.state,
      fulfilment.location,
      fulfilment.locationName,
      fulfilment.carrier,
      fulfilment.service,
      step.at,
      lines.map(({ lineId }) => lineId),
      lines.map(({ quantity }) => quantity),
      JSON.stringify(
        picks.map(({ lineId, variantId, ...pick }) => ({ line_id: lineId, variant_id: variantId, ...pick })),
      ),
      parcelRows(fulfilment),
      newId(),
      step.actor.kind,
      actorId(step.actor),
    ]);
  }

  /**
   * The one writer of its state after that: compare-and-set, with its line of history and the counters of the order lines. False
   * when it is no longer as the caller knew it; then nothing was written.
   */
  async move(
    id: string,
    from: FulfilmentState,
    to: FulfilmentState,
    step: Step,
    at = step.at,
  ): Promise<boolean> {
    const values = [
      id,
      from,
      to,
      at,
      newId(),
      step.actor.kind,
      actorId(step.actor),
      step.note ?? null,
      step.at,
    ];
    return (await this.database.execute(MOVE, values)) > 0;
  }

  /** Another carrier, service or other parcels; the list of parcels is replaced. */
  async describe(id: string, shipment: Shipment, step: Step): Promise<void> {
    const values = [id, shipment.carrier, shipment.service, parcelRows(shipment), newId(), step.at];
    await this.database.execute(DESCRIBE, [...values, step.actor.kind, actorId(step.actor)]);
  }

  async orderOf(id: string): Promise<string | null> {
    const text = 'SELECT order_id AS "orderId" FROM ordering.fulfilments WHERE id = $1';
    const [row] = await this.database.query<{ orderId: string }>(text, [id]);
    return row?.orderId ?? null;
  }

  historyOf(id: string): Promise<StepTaken[]> {
    return this.database.query<StepTaken>(HISTORY, [id]);
  }

  /** In the transaction that ends an order: what was planned of it is canceled, and the plan free again. */
  async cancelOpen(orderId: string, { actor, at }: Step): Promise<void> {
    await this.database.execute(CANCEL_OPEN, [orderId, at, actor.kind, actorId(actor)]);
  }
}

const parcelRows = ({ parcels }: Shipment): string =>
  JSON.stringify(
    parcels.map(({ trackingNumber, trackingUrl, weightGrams }, index) => ({
      id: newId(),
      position: index + 1,
      tracking_number: trackingNumber,
      tracking_url: trackingUrl,
      weight_grams: weightGrams,
    })),
  );

type Dated = 'createdAt' | 'packedAt' | 'shippedAt' | 'deliveredAt' | 'canceledAt';
/** As it comes out of a JSON aggregate. */
export type FulfilmentRow = Omit<Fulfilment, Dated | 'parcels'> &
  Record<Dated, string | null> & {
    parcels: (Omit<Fulfilment['parcels'][number], 'events'> & {
      events: (Omit<TrackingEvent, 'at'> & { at: string })[];
    })[];
  };

export function toFulfilment(row: FulfilmentRow): Fulfilment {
  const date = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...row,
    createdAt: new Date(row.createdAt ?? ''),
    packedAt: date(row.packedAt),
    shippedAt: date(row.shippedAt),
    deliveredAt: date(row.deliveredAt),
    canceledAt: date(row.canceledAt),
    parcels: row.parcels.map((parcel) => ({
      ...parcel,
      events: parcel.events.map((event) => ({ ...event, at: new Date(event.at) })),
    })),
  };
}

/** The fulfilments of an order `o` as JSON, the oldest first. A number that a carrier gave out before tells nothing of before. */
export const FULFILMENTS = `
  coalesce((SELECT json_agg(json_build_object('id', f.id, 'state', f.state, 'location', f.location,
    'locationName', f.location_name, 'carrier', f.carrier, 'service', f.service, 'createdAt', f.created_at,
    'packedAt', f.packed_at, 'shippedAt', f.shipped_at, 'deliveredAt', f.delivered_at, 'canceledAt', f.canceled_at,
    'version', f.version, 'lines', (
      SELECT json_agg(json_build_object('lineId', fl.line_id, 'quantity', fl.quantity) ORDER BY fl.line_id)
      FROM ordering.fulfilment_lines fl WHERE fl.fulfilment_id = f.id),
    'picks', coalesce((SELECT json_agg(json_build_object('lineId', k.line_id, 'variantId', k.variant_id,
      'location', k.location, 'quantity', k.quantity) ORDER BY k.line_id, k.variant_id, k.location)
      FROM ordering.fulfilment_picks k WHERE k.fulfilment_id = f.id), '[]'),
    'parcels', coalesce((SELECT json_agg(json_build_object('trackingNumber', p.tracking_number,
      'trackingUrl', p.tracking_url, 'weightGrams', p.weight_grams, 'events', coalesce((
        SELECT json_agg(json_build_object('status', e.status, 'at', e.occurred_at, 'description', e.description,
          'place', e.place) ORDER BY e.occurred_at, e.event_id)
        FROM ordering.carrier_events e WHERE e.carrier = f.carrier_code AND e.tracking_key = p.tracking_key
          AND e.occurred_at > f.created_at - interval '1 day'), '[]')) ORDER BY p.position)
      FROM ordering.fulfilment_parcels p WHERE p.fulfilment_id = f.id), '[]')) ORDER BY f.id)
    FROM ordering.fulfilments f WHERE f.order_id = o.id), '[]')`;

const PARCEL_COLUMNS = 'id uuid, position int, tracking_number text, tracking_url text, weight_grams int';
const INSERT = `
  WITH fulfilment AS (
    INSERT INTO ordering.fulfilments (id, order_id, state, location, location_name, carrier, service, created_at, shipped_at)
    VALUES ($1, $2, $3::text, $4, $5, $6, $7, $8, CASE $3::text WHEN 'shipped' THEN $8::timestamptz END)
  ), contents AS (
    INSERT INTO ordering.fulfilment_lines (fulfilment_id, line_id, quantity)
    SELECT $1, line_id, quantity FROM unnest($9::uuid[], $10::int[]) AS l (line_id, quantity)
  ), picks AS (
    INSERT INTO ordering.fulfilment_picks (fulfilment_id, line_id, variant_id, location, quantity)
    SELECT $1, k.* FROM jsonb_to_recordset($11::jsonb) AS k (line_id uuid, variant_id uuid, location text, quantity int)
  ), parcels AS (
    INSERT INTO ordering.fulfilment_parcels (fulfilment_id, id, position, tracking_number, tracking_url, weight_grams)
    SELECT $1, p.* FROM jsonb_to_recordset($12::jsonb) AS p (${PARCEL_COLUMNS})
  ), history AS (
    INSERT INTO ordering.fulfilment_history (id, fulfilment_id, at, event, actor_kind, actor_id)
    VALUES ($13, $1, $8, $3, $14, $15)
  )
  UPDATE ordering.order_lines o
  SET fulfilled = o.fulfilled + CASE $3::text WHEN 'shipped' THEN l.quantity ELSE 0 END,
    planned = o.planned + CASE $3::text WHEN 'shipped' THEN 0 ELSE l.quantity END
  FROM unnest($9::uuid[], $10::int[]) AS l (line_id, quantity) WHERE o.id = l.line_id AND o.order_id = $2`;
const MOVE = `
  WITH moved AS (
    UPDATE ordering.fulfilments SET state = $3::text, version = version + 1,
      packed_at = CASE $3::text WHEN 'packed' THEN $4::timestamptz ELSE packed_at END,
      shipped_at = CASE $3::text WHEN 'shipped' THEN $4::timestamptz ELSE shipped_at END,
      delivered_at = CASE $3::text WHEN 'delivered' THEN $4::timestamptz ELSE delivered_at END,
      canceled_at = CASE $3::text WHEN 'canceled' THEN $4::timestamptz ELSE canceled_at END
    WHERE id = $1 AND state = $2 RETURNING id
  ), history AS (
    INSERT INTO ordering.fulfilment_history (id, fulfilment_id, at, event, actor_kind, actor_id, note)
    SELECT $5, id, $9, $3, $6, $7, $8 FROM moved
  )
  UPDATE ordering.order_lines o
  SET planned = o.planned - CASE WHEN $3::text IN ('shipped', 'canceled') THEN l.quantity ELSE 0 END,
    fulfilled = o.fulfilled + CASE $3::text WHEN 'shipped' THEN l.quantity ELSE 0 END,
    delivered = o.delivered + CASE $3::text WHEN 'delivered' THEN l.quantity ELSE 0 END
  FROM moved m JOIN ordering.fulfilment_lines l ON l.fulfilment_id = m.id WHERE o.id = l.line_id`;
const DESCRIBE = `
  WITH changed AS (
    UPDATE ordering.fulfilments SET carrier = $2, service = $3, version = version + 1 WHERE id = $1
  ), gone AS (
    DELETE FROM ordering.fulfilment_parcels WHERE fulfilment_id = $1
  ), parcels AS (
    INSERT INTO ordering.fulfilment_parcels (fulfilment_id, id, position, tracking_number, tracking_url, weight_grams)
    SELECT $1, p.* FROM jsonb_to_recordset($4::jsonb) AS p (${PARCEL_COLUMNS})
  )
  INSERT INTO ordering.fulfilment_history (id, fulfilment_id, at, event, actor_kind, actor_id)
  VALUES ($5, $1, $6, 'changed', $7, $8)`;
const HISTORY = `
  SELECT at, event, actor_kind AS "actorKind", actor_id AS "actorId", note FROM ordering.fulfilment_history
  WHERE fulfilment_id = $1 ORDER BY id`;
const CANCEL_OPEN = `
  WITH canceled AS (
    UPDATE ordering.fulfilments SET state = 'canceled', canceled_at = $2, version = version + 1
    WHERE order_id = $1 AND state IN ('pending', 'packed') RETURNING id
  ), history AS (
    INSERT INTO ordering.fulfilment_history (id, fulfilment_id, at, event, actor_kind, actor_id)
    SELECT gen_random_uuid(), id, $2, 'canceled', $3, $4 FROM canceled
  )
  UPDATE ordering.order_lines o SET planned = o.planned - l.quantity
  FROM (SELECT fl.line_id, sum(fl.quantity)::int AS quantity FROM canceled c
    JOIN ordering.fulfilment_lines fl ON fl.fulfilment_id = c.id GROUP BY fl.line_id) l WHERE o.id = l.line_id`;
