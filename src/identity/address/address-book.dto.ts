import { AddressDto } from '../../platform/address/address.dto.js';
import { Bool, CountryCode, Instant, Integer, Uuid, Line, PersonName } from '../../platform/http/fields.js';

export class AddressParams {
  @Uuid()
  id: string;
}

/** An address in somebody's book. */
export class BookAddressDto extends AddressDto {
  @Uuid()
  id: string;

  @Bool({ description: 'Goods go here unless told otherwise. Exactly one address of the book has it.' })
  defaultShipping: boolean;

  @Bool({ description: 'Invoices go here unless told otherwise. Exactly one address of the book has it.' })
  defaultBilling: boolean;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  version: number;

  @Instant()
  createdAt: string;
}

const FIRST = 'The first address of a book is the default whatever this says.';

export class CreateAddressDto extends AddressDto {
  @Bool({ optional: true, description: FIRST })
  defaultShipping?: boolean;

  @Bool({ optional: true, description: FIRST })
  defaultBilling?: boolean;
}

const unset = { optional: true, nullable: true } as const;
const MOVES =
  'True moves the default here; false is refused where it is, because exactly one address has it.';

export class UpdateAddressDto {
  @PersonName({ max: 100, optional: true, example: 'Ada' })
  firstName?: string;

  @PersonName({ max: 100, optional: true, example: 'Lovelace' })
  lastName?: string;

  @PersonName({ max: 200, ...unset })
  company?: string | null;

  @Line({ max: 200, optional: true, example: 'Unter den Linden 2' })
  line1?: string;

  @Line({ max: 200, ...unset })
  line2?: string | null;

  @Line({ max: 100, optional: true, example: 'Berlin' })
  city?: string;

  @Line({ max: 20, ...unset, example: '10117' })
  postalCode?: string | null;

  @Line({ max: 100, ...unset })
  region?: string | null;

  @CountryCode({ optional: true })
  country?: string;

  @Line({ max: 40, ...unset })
  phone?: string | null;

  @Bool({ optional: true, description: MOVES })
  defaultShipping?: boolean;

  @Bool({ optional: true, description: MOVES })
  defaultBilling?: boolean;
}
