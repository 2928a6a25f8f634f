import { CountryCode, Line, PersonName } from '../http/fields.js';

const optional = { optional: true, nullable: true } as const;

/** A postal address, as it comes in and as it is answered. What its country asks for: `addressFaults`. */
export class AddressDto {
  @PersonName({ max: 100, example: 'Ada' })
  firstName: string;

  @PersonName({ max: 100, example: 'Byron' })
  lastName: string;

  @PersonName({ max: 200, ...optional })
  company?: string | null;

  @Line({ max: 200, example: 'Unter den Linden 1' })
  line1: string;

  @Line({ max: 200, ...optional })
  line2?: string | null;

  @Line({ max: 100, example: 'Berlin' })
  city: string;

  @Line({
    max: 20,
    ...optional,
    example: '10117',
    description: 'Required, and of the form that the country uses, where it has postal codes.',
  })
  postalCode?: string | null;

  @Line({
    max: 100,
    ...optional,
    description: 'State, province, prefecture or emirate. Required in AE, AU, BR, CA, CN, IN, JP, MX and US.',
  })
  region?: string | null;

  @CountryCode()
  country: string;

  @Line({ max: 40, ...optional })
  phone?: string | null;
}
