import { createHmac, timingSafeEqual } from 'node:crypto';
import { TRACKING_STATUSES, type TrackingStatus } from './fulfilment.js';

const MOST_EVENTS = 100;

/** What a carrier tells of one parcel. */
export interface CarrierNotice {
  /** The carrier's own: the same one twice is one event. */
  eventId: string;
  trackingNumber: string;
  status: TrackingStatus;
  description: string | null;
  place: string | null;
  occurredAt: Date;
}

/** It was not the carrier who said it. */
export class BadCarrierSignature extends Error {}

/** It was the carrier, and what it said cannot be read. `pointer` is where. */
export class UnreadableNotice extends Error {
  constructor(
    readonly pointer: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The events of a notice of any carrier, or of a program between it and us, that signs JSON with a shared secret: `signature` is
 * `sha256=` and the HMAC-SHA256 of the exact bytes in hex, and is looked at before anything else. `BadCarrierSignature`, and
 * `UnreadableNotice` for what was signed and is none. A status that we have no word for is kept as `other`.
 */
export function readNotice(secret: string, raw: Buffer, signature: unknown): CarrierNotice[] {
  const [, given] = /^sha256=([\da-f]{64})$/.exec(String(signature)) ?? [];
  if (given === undefined) throw new BadCarrierSignature('no signature');
  const expected = createHmac('sha256', secret).update(raw).digest();
  if (!timingSafeEqual(expected, Buffer.from(given, 'hex')))
    throw new BadCarrierSignature('another signature');
  const { events } = (JSON.parse(raw.toString('utf8')) ?? {}) as { events?: unknown };
  if (!Array.isArray(events) || events.length === 0 || events.length > MOST_EVENTS)
    throw new UnreadableNotice('/events', `must be a list of 1 to ${MOST_EVENTS}`);
  return events.map((event, index) =>
    readEvent((event ?? {}) as Record<string, unknown>, `/events/${index}`),
  );
}

function readEvent(event: Record<string, unknown>, pointer: string): CarrierNotice {
  const text = (name: string, max: number): string | null => {
    const value = event[name] ?? null;
    if (value === null) return null;
    const fits =
      typeof value === 'string' && value.trim() !== '' && value.length <= max && !/\p{Cc}/u.test(value);
    if (!fits)
      throw new UnreadableNotice(`${pointer}/${name}`, `must be a line of at most ${max} characters`);
    return value;
  };
  const required = (name: string, max: number): string => {
    const value = text(name, max);
    if (value === null) throw new UnreadableNotice(`${pointer}/${name}`, 'is required');
    return value;
  };
  const at = required('occurredAt', 40);
  if (!/^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(at) || Number.isNaN(Date.parse(at)))
    throw new UnreadableNotice(`${pointer}/occurredAt`, 'must be a time such as 2026-02-03T10:00:00Z');
  return {
    eventId: required('id', 200),
    trackingNumber: required('trackingNumber', 100),
    status: statusOf(required('status', 100)),
    description: text('description', 300),
    place: text('place', 120),
    occurredAt: new Date(at),
  };
}

const statusOf = (text: string): TrackingStatus =>
  TRACKING_STATUSES.find((status) => status === text) ?? 'other';
