import type { Estimate } from './delivery-estimate.js';
import type { Offer, PriceSource } from './offers.js';
import type { Parcel } from './parcels.js';
import type { PickupPoint } from './pickup-point.js';
import type { MethodKind } from './shipping-zone.js';

/** Where an order is fetched, as the point was when it was ordered. */
export type FrozenPoint = Omit<PickupPoint, 'isOpen' | 'version'>;

/** How an order is sent, frozen on it. */
export interface ShippingDetails {
  kind: MethodKind;
  zone: string;
  priceFrom: PriceSource;
  estimate: Estimate | null;
  parcels: Parcel[];
  /** Null: it is sent, or the point was erased with the person. */
  pickupPoint: FrozenPoint | null;
}

export const detailsOf = ({
  kind,
  zone,
  priceFrom,
  estimate,
  parcels,
  pickupPoint,
}: Offer): ShippingDetails => ({
  kind,
  zone,
  priceFrom,
  estimate,
  parcels,
  pickupPoint: kind === 'pickup' && pickupPoint ? frozen(pickupPoint) : null,
});

const frozen = ({ id, name, address, openingHours, coordinates }: PickupPoint): FrozenPoint => ({
  id,
  name,
  address,
  openingHours,
  coordinates,
});
