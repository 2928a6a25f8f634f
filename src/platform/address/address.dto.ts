import { CountryCode, Text } from '../http/fields.js';

const optional = { optional: true, nullable: true } as const;

/** A postal address, as it comes in and as it is answered. What its country asks for: `addressFaults`. */
export class AddressDto {
  @Text({ max: 100, example: 'Ada' })
  firstName: string;

  @Text({ max: 100, example: 'Byron' })
  lastName: string;

  @Text({ max: 200, ...optional })
  company?: string | null;

  @Text({ max: 200, example: 'Unter den Linden 1' })
  line1: string;

  @Text({ max: 200, ...optional })
  line2?: string | null;

  @Text({ max: 100, example: 'Berlin' })
  city: string;

  @Text({
    max: 20,
    ...optional,
    example: '10117',
    description: 'Required, and of the form that the country uses, where it has postal codes.',
  })
  postalCode?: string | null;

  @Text({
    max: 100,
    ...optional,
    description: 'State, province, prefecture or emirate. Required in AE, AU, BR, CA, CN, IN, JP, MX and US.',
  })
  region?: string | null;

  @CountryCode()
  country: string;

  @Text({ max: 40, ...optional })
  phone?: string | null;
}
