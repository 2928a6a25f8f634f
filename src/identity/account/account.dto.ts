import { Bool, Instant, OneOf, Text, Uuid } from '../../platform/http/fields.js';

/** What lists say of customers and of staff alike. */
export class AccountDto {
  @Uuid()
  id: string;

  @Text({ max: 254 })
  email: string;

  @Bool()
  emailVerified: boolean;

  @Text({ max: 100, nullable: true })
  firstName: string | null;

  @Text({ max: 100, nullable: true })
  lastName: string | null;

  @OneOf(['active', 'disabled'])
  status: string;

  @Instant()
  createdAt: string;
}

/** A telephone number as people write it. */
export const Phone = () =>
  Text({
    max: 40,
    optional: true,
    nullable: true,
    pattern: /^\+?[0-9][0-9 ()./-]{2,38}$/,
    patternHint: 'must be a telephone number such as +49 30 123456',
    example: '+49 30 123456',
  });

/** The language, and the region where it matters, in which somebody wants to be written to. */
export const Locale = () =>
  Text({
    max: 35,
    optional: true,
    nullable: true,
    pattern: /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/,
    patternHint: 'must be a language tag (BCP 47) such as en or de-AT',
    description: 'BCP 47: language, and script or region where they matter.',
    example: 'de-AT',
  });
