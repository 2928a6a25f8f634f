import { Injectable } from '@nestjs/common';
import { type Actor, type MachineActor, may, type PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ApiKeyAccess } from '../api-key/api-key-access.service.js';
import type { KeyStanding } from '../api-key/api-key.repository.js';
import { ApiKeyService } from '../api-key/api-key.service.js';
import type { Announce } from '../throttle/rate-limit.js';
import { AccessTokens, AUDIENCE } from './access-tokens.service.js';
import type { MachineClaims } from './jwt.strategy.js';
import type { IntrospectionDto } from './oauth.dto.js';
import { OAuthClients, type ShownClient } from './oauth-clients.service.js';
import { RevokedTokenRepository } from './revoked-token.repository.js';
import { TokenReader } from './token-reader.service.js';

/** A key or a token that somebody asks about: what it is worth, and its claims when it is a token. */
interface Found {
  standing: KeyStanding;
  claims: MachineClaims | null;
}

/** Who asks about a key or a token. */
type Asker = { person: PersonActor } | { machine: MachineActor; creatorId: string };

/** Tokens and keys of programs: asked about (RFC 7662) and taken back (RFC 7009). */
@Injectable()
export class TokenInquiry {
  constructor(
    private readonly database: Database,
    private readonly clients: OAuthClients,
    private readonly keys: ApiKeyAccess,
    private readonly admin: ApiKeyService,
    private readonly tokens: AccessTokens,
    private readonly reader: TokenReader,
    private readonly revoked: RevokedTokenRepository,
    private readonly audit: Audit,
  ) {}

  /** What a token or key is worth now, told to staff and to programs of the same creator; to others it is worth nothing. */
  async introspect(
    token: string,
    actor: Actor,
    client: ShownClient,
    announce: Announce,
  ): Promise<IntrospectionDto> {
    const asker = await this.askerOf(actor, 'identity:api-key:read', client, announce);
    const found = await this.find(token);
    if (!found || !mayAsk(asker, found)) return { active: false };
    const { standing, claims } = found;
    const scope = standing.scopes.filter((one) => claims?.scopes.includes(one) ?? true).join(' ');
    const about = { active: true, scope, client_id: standing.id, sub: standing.id, token_type: 'Bearer' };
    if (!claims) return { ...about, exp: seconds(standing.expiresAt) };
    const { issuer: iss } = this.tokens;
    const times = { exp: seconds(claims.expiresAt), iat: seconds(claims.issuedAt) };
    return { ...about, ...times, aud: AUDIENCE, iss, jti: claims.jti };
  }

  /**
   * The token, or the key itself, counts no more: at once in this process, within a second in the others. What is
   * unknown, over or somebody else's is no fault, and stays as it is.
   */
  async revoke(token: string, actor: Actor, client: ShownClient, announce: Announce): Promise<void> {
    const asker = await this.askerOf(actor, 'identity:api-key:write', client, announce);
    const found = await this.find(token);
    if (!found || !mayAsk(asker, found)) return;
    const { standing, claims } = found;
    const by = 'person' in asker ? asker.person : asker.machine;
    if (!claims) return this.admin.revoke(standing.id, by);
    await this.database.transaction(async () => {
      if (!(await this.revoked.insert(claims.jti, claims.expiresAt))) return;
      this.audit.record({
        actor: by,
        action: 'identity.token.revoked',
        subjectType: 'api_key',
        subjectId: standing.id,
        details: { jti: claims.jti },
      });
      this.keys.forget();
    });
  }

  /** Staff with that permission, or any program; programs are counted. */
  private async askerOf(
    actor: Actor,
    permission: string,
    client: ShownClient,
    announce: Announce,
  ): Promise<Asker> {
    if (actor.kind === 'person') {
      if (!may(actor, permission))
        throw platformProblems.forbidden(`The permission ${permission} is missing.`);
      return { person: actor };
    }
    const key =
      actor.kind === 'machine' ? await this.keys.standing(actor.id) : await this.clients.authenticate(client);
    if (!key) throw platformProblems.unauthorized();
    await this.keys.count(key.id, announce);
    return { machine: machineOf(key), creatorId: key.creatorId };
  }

  private async find(token: string): Promise<Found | null> {
    const key = await this.keys.look(token);
    if (key) return { standing: key, claims: null };
    const claims = await this.reader.read(`Bearer ${token}`);
    if (claims?.kind !== 'machine') return null;
    const standing = await this.keys.standing(claims.keyId, claims);
    return standing && { standing, claims };
  }
}

const mayAsk = (asker: Asker, { standing }: Found): boolean =>
  'person' in asker || asker.creatorId === standing.creatorId;

const machineOf = ({ id, scopes }: KeyStanding): MachineActor => ({
  kind: 'machine',
  id,
  permissions: new Set(scopes),
});

const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000);
