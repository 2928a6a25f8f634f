import { Injectable } from '@nestjs/common';
import { Authenticator, type MachineActor, type PersonActor } from '../../platform/access/actor.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ApiKeyAccess } from '../api-key/api-key-access.service.js';
import { identityProblems } from '../identity.errors.js';
import { proofOf } from '../session/proof.js';
import { SessionService } from '../session/session.service.js';
import type { Announce } from '../throttle/rate-limit.js';
import type { MachineClaims, PersonClaims } from './jwt.strategy.js';
import { TokenReader } from './token-reader.service.js';

/** What every signed-in person may do with its own things; all that is left while a password must be changed. */
const OWN_PASSWORD = 'account:password';
const OWN = [OWN_PASSWORD, 'account:self'];

/** The key of a program, as it comes. */
const KEY = /^Bearer (sk_\S+)$/i;

/**
 * Turns what came as `Authorization` into whoever holds it: keys of programs as they are, tokens through the passport
 * strategy. Every refusal is the same 401.
 */
@Injectable()
export class JwtAuthenticator extends Authenticator {
  /** Without the second, staff may do nothing but get one. */
  private readonly staffNeedTwo: boolean;

  constructor(
    private readonly tokens: TokenReader,
    private readonly sessions: SessionService,
    private readonly keys: ApiKeyAccess,
    config: Config,
  ) {
    super();
    this.staffNeedTwo = config.staffSecondFactor === 'required';
  }

  async authenticate(authorization: string, ip: string): Promise<PersonActor | MachineActor> {
    const actor = await this.actorOf(authorization, ip);
    if (!actor) throw platformProblems.unauthorized();
    return actor;
  }

  admit(machine: MachineActor, announce: Announce): Promise<void> {
    return this.keys.count(machine.id, announce);
  }

  private async actorOf(authorization: string, ip: string): Promise<PersonActor | MachineActor | null> {
    const key = KEY.exec(authorization)?.[1];
    if (key !== undefined) {
      const standing = await this.keys.byKey(key, ip);
      return standing && machine(standing.id, standing.scopes);
    }
    const claims = await this.tokens.read(authorization);
    if (!claims) return null;
    return claims.kind === 'machine' ? this.machineOf(claims, ip) : this.personOf(claims);
  }

  /** A token may do what was asked for with it, as long as its key may. */
  private async machineOf(claims: MachineClaims, ip: string): Promise<MachineActor | null> {
    const { keyId, scopes } = claims;
    const standing = await this.keys.byToken(keyId, claims, ip);
    return (
      standing &&
      machine(
        keyId,
        standing.scopes.filter((scope) => scopes.includes(scope)),
      )
    );
  }

  private async personOf(claims: PersonClaims): Promise<PersonActor | null> {
    const standing = await this.sessions.standing(claims.sid);
    if (!standing || standing.accountId !== claims.sub) return null;
    const proof = proofOf(claims.provedAt, claims.methods, standing.hasSecondFactor);
    const { mustChangePassword, hasSecondFactor } = standing;
    // Who has taken its last one away does not live on what it proved before.
    const lacksFactor =
      this.staffNeedTwo && standing.kind === 'staff' && (proof.level < 2 || !hasSecondFactor);
    const lacking = lacksFactor ? identityProblems.second_factor_required : null;
    const restriction = mustChangePassword ? identityProblems.password_change_required : lacking;
    return {
      kind: 'person',
      id: standing.accountId,
      sessionId: claims.sid,
      emailVerified: standing.emailVerified,
      permissions: mustChangePassword
        ? new Set([OWN_PASSWORD])
        : permissionsOf(lacksFactor ? [] : standing.permissions),
      ...(restriction && { restriction }),
      groups: standing.groups,
      proof,
      impersonatorId: standing.impersonatorId,
    };
  }
}

const machine = (id: string, scopes: string[]): MachineActor => ({
  kind: 'machine',
  id,
  permissions: new Set(scopes),
});

/** `*` is every permission there is or will be. */
function permissionsOf(granted: string[]): ReadonlySet<string> {
  return granted.includes('*') ? EVERYTHING : new Set([...granted, ...OWN]);
}

class Everything extends Set<string> {
  override has(): boolean {
    return true;
  }
}
const EVERYTHING: ReadonlySet<string> = new Everything();
