import {
  Bool,
  Dictionary,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';

const base64url = (max: number) => ({
  max,
  pattern: /^[\w-]+$/,
  patternHint: 'must be base64url',
  example: 'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik',
});
const NAME = { max: 100, example: 'My phone' };
const TRANSPORTS = { max: 10, maxLength: 30 };

/** What every answer of an authenticator has. Its other members are kept for nothing. */
class CredentialDto {
  @Text(base64url(1_400))
  id: string;

  @Text(base64url(1_400))
  rawId: string;

  @OneOf(['public-key'])
  type: string;

  @Dictionary({ values: 'any', optional: true })
  clientExtensionResults?: object;

  @Text({ max: 30, optional: true, nullable: true })
  authenticatorAttachment?: string | null;
}

export class AttestationDto {
  @Text(base64url(10_000))
  clientDataJSON: string;

  @Text(base64url(100_000))
  attestationObject: string;

  @TextList({ ...TRANSPORTS, optional: true })
  transports?: string[];

  @Text({ ...base64url(100_000), optional: true, description: 'Not looked at.' })
  authenticatorData?: string;

  @Text({ ...base64url(10_000), optional: true, nullable: true, description: 'Not looked at.' })
  publicKey?: string | null;

  @Integer({ min: -100_000, max: 100_000, optional: true, description: 'Not looked at.' })
  publicKeyAlgorithm?: number;
}

export class NewCredentialDto extends CredentialDto {
  @Nested(() => AttestationDto)
  response: AttestationDto;
}

export class AssertionDto {
  @Text(base64url(10_000))
  clientDataJSON: string;

  @Text(base64url(10_000))
  authenticatorData: string;

  @Text(base64url(10_000))
  signature: string;

  @Text({ ...base64url(100), optional: true, nullable: true })
  userHandle?: string | null;
}

export class CredentialProofDto extends CredentialDto {
  @Nested(() => AssertionDto)
  response: AssertionDto;
}

export class PasskeyOptionsDto {
  @Dictionary({
    values: 'any',
    description:
      'For `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()` and `navigator.credentials` (WebAuthn Level 3). Good for five minutes and one answer.',
  })
  publicKey: object;
}

export class AddPasskeyDto {
  @Nested(() => NewCredentialDto, {
    description: '`toJSON()` of what `navigator.credentials.create()` gave.',
  })
  credential: NewCredentialDto;

  @Text({ ...NAME, optional: true })
  name?: string;
}

export class ProvePasskeyDto {
  @Nested(() => CredentialProofDto, { description: '`toJSON()` of what `navigator.credentials.get()` gave.' })
  credential: CredentialProofDto;
}

export class RenamePasskeyDto {
  @Text(NAME)
  name: string;
}

export class PasskeyDto {
  @Uuid()
  id: string;

  @Text(NAME)
  name: string;

  @Bool({ description: 'It is kept on more than one device.' })
  backedUp: boolean;

  @TextList(TRANSPORTS)
  transports: string[];

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  lastUsedAt: string | null;
}

export class PasskeysDto {
  @ListOf(() => PasskeyDto, { max: 10 })
  items: PasskeyDto[];
}

export class PasskeyAddedDto extends PasskeyDto {
  @TextList({
    max: 10,
    maxLength: 20,
    nullable: true,
    description:
      'Ten, when this is the first second factor of the account, else null. Each works once in the place of a second factor. They are shown only now.',
  })
  recoveryCodes: string[] | null;
}
