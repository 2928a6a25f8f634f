/** `pending`: planned, nothing has moved. On hand drops when it is `shipped`, not before. */
export const FULFILMENT_STATES = ['pending', 'packed', 'shipped', 'delivered', 'canceled'] as const;
export type FulfilmentState = (typeof FULFILMENT_STATES)[number];

/** The legal ways of a fulfilment. What has left is not canceled: it comes back as a return. */
export const NEXT_STATES: Readonly<Record<FulfilmentState, readonly FulfilmentState[]>> = {
  pending: ['packed', 'shipped', 'canceled'],
  packed: ['shipped', 'canceled'],
  shipped: ['delivered'],
  delivered: [],
  canceled: [],
};

export const isOpen = ({ state }: { state: FulfilmentState }): boolean =>
  state === 'pending' || state === 'packed';
export const hasLeft = ({ state }: { state: FulfilmentState }): boolean =>
  state === 'shipped' || state === 'delivered';

/** Pieces of a line of the order. */
export interface Piece {
  lineId: string;
  quantity: number;
}

/** What is taken from the shelf for a line: the variant itself, or the parts of a bundle. */
export interface StockPick {
  lineId: string;
  variantId: string;
  /** Code of the location. */
  location: string;
  quantity: number;
}

export const TRACKING_STATUSES = [
  'announced',
  'in_transit',
  'out_for_delivery',
  'delivered',
  'delivery_failed',
  'exception',
  'returned',
  'other',
] as const;
export type TrackingStatus = (typeof TRACKING_STATUSES)[number];

export interface TrackingEvent {
  status: TrackingStatus;
  at: Date;
  description: string | null;
  place: string | null;
}

export interface Parcel {
  trackingNumber: string | null;
  trackingUrl: string | null;
  weightGrams: number | null;
}

/** How it goes. */
export interface Shipment {
  carrier: string | null;
  service: string | null;
  parcels: Parcel[];
}

/** Pieces of an order that leave together, from one location. */
export interface Fulfilment extends Shipment {
  id: string;
  state: FulfilmentState;
  /** Null when parts of a bundle lie at several, and when nobody counts what it holds. */
  location: string | null;
  locationName: string | null;
  /** Events of a carrier, the oldest first. */
  parcels: (Parcel & { events: TrackingEvent[] })[];
  lines: Piece[];
  picks: StockPick[];
  createdAt: Date;
  packedAt: Date | null;
  shippedAt: Date | null;
  deliveredAt: Date | null;
  canceledAt: Date | null;
  version: number;
}

const DAY_MS = 86_400_000;

/**
 * When the carrier has delivered the last parcel that it follows; null while one is under way, of what has not left, and of what has
 * no number. Events may come in any order and more than once. Carriers give numbers out again: what was told more than a day before
 * it left is of another parcel.
 */
export function deliveredByCarrier({
  parcels,
  shippedAt,
}: Pick<Fulfilment, 'parcels' | 'shippedAt'>): Date | null {
  const followed = parcels.filter(({ trackingNumber }) => trackingNumber !== null);
  if (followed.length === 0 || shippedAt === null) return null;
  const since = shippedAt.getTime() - DAY_MS;
  const ends = followed.map(
    ({ events }) =>
      events.find(({ status, at }) => status === 'delivered' && at.getTime() > since)?.at ?? null,
  );
  return ends.reduce((last, end) => (last === null || end === null ? null : end > last ? end : last));
}
