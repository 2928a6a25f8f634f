import type { Address } from '../../platform/address/address.js';

/** The address of a place, without a person. */
export type PointAddress = Pick<Address, 'line1' | 'line2' | 'city' | 'postalCode' | 'region' | 'country'>;

/** Where buyers fetch what they ordered. */
export interface PickupPoint {
  id: string;
  name: string;
  address: PointAddress;
  openingHours: string | null;
  /** Degrees, as texts with up to six decimals; null: not told. */
  coordinates: { latitude: string; longitude: string } | null;
  /** False: it takes nothing new. */
  isOpen: boolean;
  version: number;
}
