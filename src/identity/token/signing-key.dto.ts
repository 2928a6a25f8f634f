import { Bool, Instant, ListOf, OneOf, Text } from '../../platform/http/fields.js';

export class SigningKeyDto {
  @Text({ max: 100 })
  kid: string;

  @OneOf(['next', 'active', 'retiring', 'gone'], {
    description:
      '`next` is published and signs nothing yet, `active` signs, `retiring` is only checked with, `gone` is not known any more.',
  })
  state: string;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  activatedAt: string | null;

  @Instant({ nullable: true })
  retiredAt: string | null;

  @Instant({ nullable: true })
  goneAt: string | null;
}

export class SigningKeysDto {
  @ListOf(() => SigningKeyDto, { max: 50 })
  items: SigningKeyDto[];
}

export class RotationDto {
  @Bool({
    optional: true,
    example: false,
    description:
      'A private key got out: all keys go at once, and with them every access token. Without it tokens go on until they end.',
  })
  compromised?: boolean;
}
