import type { Assessment } from '../cart/assessment.js';
import type { NearPointDto, ShippingOffersDto } from './offer.dto.js';
import type { Offer } from './offers.js';
import type { PickupPoint } from './pickup-point.js';

export function offersView({ offers, shipping }: Assessment): ShippingOffersDto {
  return {
    items: offers.map(({ optionId, title, zone, kind, price, priceFrom, estimate, parcels }) => ({
      ...{ id: optionId, title, zone, kind, price: price.toJSON(), priceFrom, estimate, parcels },
      selected: optionId === shipping?.offer.optionId,
    })),
    nextCursor: null,
  };
}

export const pointView = (
  { id, name, address, openingHours, coordinates }: PickupPoint,
  offers: readonly Offer[],
  selected: boolean,
): NearPointDto => ({
  ...{ id, name, address, openingHours, coordinates },
  options: offers.map(({ optionId, title, price, estimate }) => ({
    ...{ id: optionId, title, price: price.toJSON(), estimate },
  })),
  selected,
});
