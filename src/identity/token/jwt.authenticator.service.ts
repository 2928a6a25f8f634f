import { Injectable } from '@nestjs/common';
import passport from 'passport';
import { Authenticator, type MachineActor, type PersonActor } from '../../platform/access/actor.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ApiKeyAccess } from '../api-key/api-key-access.service.js';
import { identityProblems } from '../identity.errors.js';
import { proofOf } from '../session/proof.js';
import { SessionService } from '../session/session.service.js';
import type { Announce } from '../throttle/rate-limit.js';
import { type AccessClaims, JwtStrategy } from './jwt.strategy.js';

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
    private readonly strategy: JwtStrategy,
    private readonly sessions: SessionService,
    private readonly keys: ApiKeyAccess,
    config: Config,
  ) {
    super();
    this.staffNeedTwo = config.staffSecondFactor === 'required';
  }

  async authenticate(authorization: string, ip: string): Promise<PersonActor | MachineActor> {
    const key = KEY.exec(authorization)?.[1];
    return key === undefined ? this.byToken(authorization) : this.byKey(key, ip);
  }

  admit(machine: MachineActor, announce: Announce): Promise<void> {
    return this.keys.count(machine.id, announce);
  }

  private async byKey(key: string, ip: string): Promise<MachineActor> {
    const standing = await this.keys.byKey(key, ip);
    if (!standing) throw platformProblems.unauthorized();
    return { kind: 'machine', id: standing.id, permissions: new Set(standing.scopes) };
  }

  private async byToken(authorization: string): Promise<PersonActor> {
    const claims = await this.verify(authorization);
    const standing = claims && (await this.sessions.standing(claims.sid));
    if (!claims || !standing || standing.accountId !== claims.sub) throw platformProblems.unauthorized();
    const proof = proofOf(claims.provedAt, claims.methods, standing.hasSecondFactor);
    const lacksFactor = this.staffNeedTwo && standing.kind === 'staff' && proof.level < 2;
    return {
      kind: 'person',
      id: standing.accountId,
      sessionId: claims.sid,
      emailVerified: standing.emailVerified,
      permissions: standing.mustChangePassword
        ? new Set([OWN_PASSWORD])
        : permissionsOf(lacksFactor ? [] : standing.permissions),
      ...(lacksFactor && { restriction: identityProblems.second_factor_required }),
      groups: [],
      proof,
      impersonatorId: standing.impersonatorId,
    };
  }

  private verify(authorization: string): Promise<AccessClaims | null> {
    return new Promise((resolve) => {
      const done = (_error: unknown, claims?: AccessClaims | false) => resolve(claims || null);
      // Passport writes its callbacks on the strategy that it is given: each request needs one of its own. And ours, not
      // the one that passport knows by name: that is the last one made, and a process may hold two applications.
      const strategy = Object.create(this.strategy) as JwtStrategy;
      const middleware = passport.authenticate(strategy as unknown as string, { session: false }, done) as (
        request: object,
        response: object,
        next: () => void,
      ) => void;
      // The strategy reads one header; what Fastify has more than that is not its business.
      middleware({ headers: { authorization } }, {}, () => resolve(null));
    });
  }
}

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
