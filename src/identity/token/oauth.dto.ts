import { Bool, Integer, OneOf, Text, TextList, Url } from '../../platform/http/fields.js';

/** Names as RFC 6749 writes them. A program may name itself in the body instead of by Basic authentication. */
class ClientDto {
  @Text({
    max: 100,
    optional: true,
    example: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
    description: 'Id of the API key.',
  })
  client_id?: string;

  @Text({
    max: 200,
    optional: true,
    example: 'sk_live_AZM7XnsKfD6cHy8cWmt9jg_kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p_1b3d5f79',
    description: 'The API key.',
  })
  client_secret?: string;
}

export class TokenRequestDto extends ClientDto {
  @Text({ max: 100, example: 'client_credentials' })
  grant_type: string;

  @Text({
    max: 10_000,
    optional: true,
    example: 'catalog:product:read',
    description: 'Permissions with a blank between them; all that the key may do when left out.',
  })
  scope?: string;
}

/** RFC 6749 5.1. */
export class TokenResponseDto {
  @Text({ max: 20_000 })
  access_token: string;

  @OneOf(['Bearer'])
  token_type: string;

  @Integer({ min: 1, max: 600, description: 'Seconds; there is no refresh.' })
  expires_in: number;

  @Text({ max: 10_000 })
  scope: string;
}

export class TokenInQuestionDto extends ClientDto {
  @Text({ max: 20_000, example: 'eyJhbGciOiJFUzI1NiJ9', description: 'A token of a program, or an API key.' })
  token: string;

  @Text({ max: 100, optional: true, description: 'Taken, and not needed.' })
  token_type_hint?: string;
}

/** RFC 7662 2.2. A token that is over, unknown or somebody else's has `active` alone. */
export class IntrospectionDto {
  @Bool()
  active: boolean;

  @Text({ max: 10_000, min: 0, optional: true, description: 'What it may do now.' })
  scope?: string;

  @Text({ max: 100, optional: true })
  client_id?: string;

  @OneOf(['Bearer'], { optional: true })
  token_type?: string;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true })
  exp?: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true })
  iat?: number;

  @Text({ max: 100, optional: true })
  sub?: string;

  @Text({ max: 100, optional: true })
  aud?: string;

  @Text({ max: 2_048, optional: true })
  iss?: string;

  @Text({ max: 100, optional: true })
  jti?: string;
}

/** RFC 8414. */
export class OAuthMetadataDto {
  @Text({ max: 2_048 })
  issuer: string;

  @Url()
  token_endpoint: string;

  @Url()
  jwks_uri: string;

  @Url()
  revocation_endpoint: string;

  @Url()
  introspection_endpoint: string;

  @Url()
  service_documentation: string;

  @TextList({ max: 1_000, maxLength: 100 })
  scopes_supported: string[];

  @TextList({ max: 10, maxLength: 100 })
  response_types_supported: string[];

  @TextList({ max: 10, maxLength: 100 })
  grant_types_supported: string[];

  @TextList({ max: 10, maxLength: 100 })
  token_endpoint_auth_methods_supported: string[];

  @TextList({ max: 10, maxLength: 100 })
  revocation_endpoint_auth_methods_supported: string[];

  @TextList({ max: 10, maxLength: 100 })
  introspection_endpoint_auth_methods_supported: string[];
}
