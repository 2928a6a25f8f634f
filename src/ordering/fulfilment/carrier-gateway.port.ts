import type { TrackingStatus } from './fulfilment.js';

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

/** Those who bring parcels and tell how far they are. Reading a notice asks nobody: it is safe anywhere. */
export abstract class CarrierGateway {
  /** Whether this shop listens to a carrier with this code. */
  abstract knows(carrier: string): boolean;

  /**
   * The events of a notice. The signature over the exact bytes comes before anything else: `BadCarrierSignature`, and
   * `UnreadableNotice` for what was signed and is none.
   */
  abstract parse(
    carrier: string,
    raw: Buffer,
    headers: Readonly<Record<string, unknown>>,
  ): readonly CarrierNotice[];
}
