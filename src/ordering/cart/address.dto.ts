import { CountryCode, Text } from '../../platform/http/fields.js';

const optional = { optional: true, nullable: true } as const;

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

  @Text({ max: 20, example: '10117' })
  postalCode: string;

  @Text({ max: 100, ...optional })
  region?: string | null;

  @CountryCode()
  country: string;

  @Text({ max: 40, ...optional })
  phone?: string | null;
}

/** As it is kept and answered: every field is there. */
export type Address = {
  [K in keyof Required<AddressDto>]: AddressDto[K] extends string ? string : string | null;
};

export function toAddress(dto: AddressDto): Address {
  return {
    firstName: dto.firstName,
    lastName: dto.lastName,
    company: dto.company ?? null,
    line1: dto.line1,
    line2: dto.line2 ?? null,
    city: dto.city,
    postalCode: dto.postalCode,
    region: dto.region ?? null,
    country: dto.country,
    phone: dto.phone ?? null,
  };
}
