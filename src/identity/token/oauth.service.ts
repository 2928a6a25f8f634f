import { Injectable } from '@nestjs/common';
import { AccessCheck } from '../../platform/access/access.check.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { ApiKeyAccess } from '../api-key/api-key-access.service.js';
import { identityProblems } from '../identity.errors.js';
import type { Announce } from '../throttle/rate-limit.js';
import { AccessTokens } from './access-tokens.service.js';
import type { OAuthMetadataDto, TokenRequestDto, TokenResponseDto } from './oauth.dto.js';
import { OAuthClients, type ShownClient } from './oauth-clients.service.js';

const BY_CLIENT = ['client_secret_basic', 'client_secret_post'];

/** Tokens for programs, given for a key (RFC 6749 4.4). */
@Injectable()
export class OAuthService {
  constructor(
    private readonly database: Database,
    private readonly clients: OAuthClients,
    private readonly keys: ApiKeyAccess,
    private readonly tokens: AccessTokens,
    private readonly check: AccessCheck,
    private readonly audit: Audit,
  ) {}

  /** A token of ten minutes, for no more than what the key may do now. */
  async issue(input: TokenRequestDto, client: ShownClient, announce: Announce): Promise<TokenResponseDto> {
    const key = await this.clients.authenticate(client);
    if (input.grant_type !== 'client_credentials') throw identityProblems.invalid_grant();
    const wanted = input.scope === undefined ? key.scopes : [...new Set(input.scope.split(' '))].sort();
    if (wanted.length === 0 || wanted.some((scope) => !key.scopes.includes(scope)))
      throw identityProblems.invalid_scope();
    await this.keys.count(key.id, announce);
    const { token, expiresIn } = await this.tokens.signForMachine(key.id, wanted, key.expiresAt);
    await this.database.transaction(async () => {
      this.audit.record({
        actor: { kind: 'machine', id: key.id, permissions: new Set(key.scopes) },
        action: 'identity.token.issued',
        subjectType: 'api_key',
        subjectId: key.id,
        details: { scopes: wanted },
      });
      await Promise.resolve();
    });
    return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, scope: wanted.join(' ') };
  }

  metadata(): OAuthMetadataDto {
    const { issuer } = this.tokens;
    return {
      issuer,
      token_endpoint: `${issuer}/v1/oauth/token`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      revocation_endpoint: `${issuer}/v1/oauth/revoke`,
      introspection_endpoint: `${issuer}/v1/oauth/introspect`,
      service_documentation: `${issuer}/docs`,
      scopes_supported: this.check.permissions().map(({ permission }) => permission),
      // There is no authorization endpoint, and so no type of answer that one could give.
      response_types_supported: [],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: BY_CLIENT,
      revocation_endpoint_auth_methods_supported: BY_CLIENT,
      introspection_endpoint_auth_methods_supported: BY_CLIENT,
    };
  }
}
