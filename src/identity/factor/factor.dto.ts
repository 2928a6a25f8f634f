import { Bool, Instant, Integer, Nested, OneOf, Text, TextList } from '../../platform/http/fields.js';
import { AccessTokenDto } from '../account/auth.dto.js';

const CHALLENGE = { max: 100, example: '3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' };
const CODE = {
  max: 6,
  min: 6,
  pattern: /^\d{6}$/,
  patternHint: 'must be six digits',
  description: 'The six digits that the authenticator app shows. Each is taken once.',
};

export class SecondFactorAskedDto {
  @OneOf(['mfa_required'])
  status: string;

  @Text({ ...CHALLENGE, description: 'For `POST /v1/auth/mfa/verify`, within five minutes.' })
  challenge: string;

  @TextList({
    max: 3,
    maxLength: 20,
    values: ['totp', 'passkey', 'recovery_code'],
    description:
      'What this account can show: a code of its app or a recovery code with this challenge, or a passkey at `POST /v1/auth/passkeys/authentication/options`, which needs no password.',
  })
  methods: string[];
}

/** One of the two. */
export class GivenCodeDto {
  @Text({ ...CODE, optional: true })
  code?: string;

  @Text({
    max: 40,
    optional: true,
    description: 'One of the ten recovery codes, such as `07-9FJ2K-QW3TX`, in the place of `code`.',
  })
  recoveryCode?: string;
}

export class VerifySecondFactorDto extends GivenCodeDto {
  @Text({ ...CHALLENGE, description: 'From the answer to the password, or to the code of a provider.' })
  challenge: string;
}

export class ConfirmTotpDto {
  @Text({ ...CODE, example: '492039' })
  code: string;
}

export class TotpSecretDto {
  @Text({ max: 64, description: 'Base32, for typing into an app.' })
  secret: string;

  @Text({ max: 2_000, description: '`otpauth://` link, for a QR code.' })
  uri: string;
}

const CODES = {
  max: 10,
  maxLength: 20,
  description: 'Each works once in the place of a second factor. They are shown only now.',
};

export class RecoveryCodesDto {
  @TextList(CODES)
  recoveryCodes: string[];
}

export class TotpConfirmedDto extends AccessTokenDto {
  @TextList(CODES)
  recoveryCodes: string[];
}

export class TotpDto {
  @Instant({ description: 'Since when it is asked for.' })
  confirmedAt: string;
}

export class FactorsDto {
  @Bool({ description: 'The password alone does not open this account.' })
  secondFactor: boolean;

  @Nested(() => TotpDto, { nullable: true, description: 'The authenticator app.' })
  totp: TotpDto | null;

  @Integer({ min: 0, max: 10, description: 'How many; see `GET /v1/me/passkeys`.' })
  passkeys: number;

  @Integer({ min: 0, max: 10, description: 'How many are unused.' })
  recoveryCodes: number;
}
