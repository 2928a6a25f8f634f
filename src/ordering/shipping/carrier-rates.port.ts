import type { Money } from '../../platform/money/money.js';
import type { TransitDays } from './delivery-estimate.js';
import type { Destination } from './destination.js';
import type { Parcel } from './parcels.js';

/** What carriers make a price of. Nothing in it says who the buyer is. */
export interface RateRequest {
  currency: string;
  destination: Destination;
  parcels: Parcel[];
}

/** What a carrier asks for one of its services, for all parcels together. */
export interface CarrierRate {
  service: string;
  price: Money;
  transit: TransitDays | null;
}

/** Answers that were fetched before; null when the carrier names no price for the service, or did not answer. */
export interface CarrierQuotes {
  of(request: RateRequest, service: string): CarrierRate | null;
}

/** The outside: somebody who knows what carriers ask today. Throws when there is no answer; never within a transaction. */
export abstract class CarrierRates {
  /** False: nobody is asked, and methods of carriers have their own prices. */
  abstract readonly isThere: boolean;
  abstract rates(request: RateRequest): Promise<CarrierRate[]>;
}
