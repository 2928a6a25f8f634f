import {
  Bool,
  CountryCode,
  Integer,
  Line,
  Nested,
  Paragraphs,
  Text,
  Uuid,
} from '../../platform/http/fields.js';

const unset = { optional: true, nullable: true } as const;

/** The address of a place, without a person. */
export class PointAddressDto {
  @Line({ max: 200, example: 'Torstraße 1' })
  line1: string;

  @Line({ max: 200, ...unset })
  line2?: string | null;

  @Line({ max: 100, example: 'Berlin' })
  city: string;

  @Line({ max: 20, ...unset, example: '10119' })
  postalCode?: string | null;

  @Line({ max: 100, ...unset })
  region?: string | null;

  @CountryCode()
  country: string;
}

export class PointCoordinatesDto {
  @Text({ max: 11, pattern: /^-?([0-8]?\d(\.\d{1,6})?|90(\.0{1,6})?)$/, example: '52.529407' })
  latitude: string;

  @Text({ max: 11, pattern: /^-?((1[0-7]|[0-9])?\d(\.\d{1,6})?|180(\.0{1,6})?)$/, example: '13.402710' })
  longitude: string;
}

export class PickupPointInput {
  @Line({ max: 100, example: 'Shop in Mitte' })
  name: string;

  @Nested(() => PointAddressDto)
  address: PointAddressDto;

  @Paragraphs({ max: 500, ...unset, example: 'Mon to Fri 10 to 19, Sat 10 to 16' })
  openingHours?: string | null;

  @Nested(() => PointCoordinatesDto, {
    ...unset,
    description: 'Degrees, as texts, so that nothing is rounded.',
  })
  coordinates?: PointCoordinatesDto | null;

  @Bool({ optional: true, description: 'False: it takes nothing new. True unless told.' })
  isOpen?: boolean;
}

export class PickupPointPatch {
  @Line({ max: 100, optional: true })
  name?: string;

  @Nested(() => PointAddressDto, { optional: true, description: 'Replaced as a whole.' })
  address?: PointAddressDto;

  @Paragraphs({ max: 500, ...unset })
  openingHours?: string | null;

  @Nested(() => PointCoordinatesDto, unset)
  coordinates?: PointCoordinatesDto | null;

  @Bool({ optional: true })
  isOpen?: boolean;
}

export class PickupPointDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  name: string;

  @Nested(() => PointAddressDto)
  address: PointAddressDto;

  @Text({ max: 500, nullable: true })
  openingHours: string | null;

  @Nested(() => PointCoordinatesDto, { nullable: true })
  coordinates: PointCoordinatesDto | null;

  @Bool()
  isOpen: boolean;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}

export class PickupPointParams {
  @Uuid()
  id: string;
}
