import { platformProblems } from '../../platform/http/problem.js';
import type { Parcel, Shipment } from './fulfilment.js';
import type { ShipmentDto } from './fulfilment.dto.js';

/**
 * How it goes by now: what is not given stays. One parcel is told by `trackingNumber` and `trackingUrl`, several by `parcels`; a
 * parcel of which nothing is known is none.
 */
export function shipmentOf(input: ShipmentDto, present: Shipment): Shipment {
  const {
    carrier = present.carrier,
    service = present.service,
    parcels,
    trackingNumber,
    trackingUrl,
  } = input;
  const isSingle = trackingNumber !== undefined || trackingUrl !== undefined;
  if (isSingle && parcels !== undefined)
    throw platformProblems.invalid_input(undefined, {
      errors: [
        { pointer: '/parcels', code: 'twice', message: 'give either the parcels or one tracking number' },
      ],
    });
  const [first = EMPTY, ...others] = present.parcels;
  const { trackingNumber: number, trackingUrl: url, weightGrams } = first;
  const single = { trackingNumber: trackingNumber === undefined ? number : trackingNumber, weightGrams };
  const told = isSingle
    ? [{ ...single, trackingUrl: trackingUrl === undefined ? url : trackingUrl }, ...others]
    : (parcels ?? present.parcels);
  return { carrier, service, parcels: told.map(toParcel).filter(isKnown) };
}

const EMPTY: Parcel = { trackingNumber: null, trackingUrl: null, weightGrams: null };
const toParcel = (parcel: Partial<Parcel>): Parcel => ({
  trackingNumber: parcel.trackingNumber ?? null,
  trackingUrl: parcel.trackingUrl ?? null,
  weightGrams: parcel.weightGrams ?? null,
});
const isKnown = (parcel: Parcel): boolean => Object.values(parcel).some((value) => value !== null);
