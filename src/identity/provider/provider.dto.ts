import { Instant, ListOf, Text } from '../../platform/http/fields.js';

export class ReturnDto {
  @Text({
    max: 500,
    optional: true,
    description:
      'Where the browser goes afterwards: exactly one of `OIDC_RETURN_URLS`, the first of them when it is left out.',
  })
  returnTo?: string;
}

export class ExchangeDto {
  @Text({
    max: 200,
    description: 'The `code` that the browser brought back. It works once, for 60 seconds.',
    example: '3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  })
  code: string;
}

class ProviderDto {
  @Text({ max: 30, example: 'acme' })
  code: string;

  @Text({ max: 60, description: 'What the button says.', example: 'Acme' })
  title: string;
}

export class ProvidersDto {
  @ListOf(() => ProviderDto, { max: 100 })
  items: ProviderDto[];
}

export class AuthorizationDto {
  @Text({ max: 4000, description: 'Send the browser there.' })
  url: string;
}

class MyProviderDto extends ProviderDto {
  @Instant()
  linkedAt: string;

  @Instant({ nullable: true, description: 'The last sign-in by it.' })
  lastUsedAt: string | null;
}

export class MyProvidersDto {
  @ListOf(() => MyProviderDto, { max: 100 })
  items: MyProviderDto[];
}
